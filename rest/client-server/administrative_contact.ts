import type { Gaps } from '#rest/generated/gaps';
import type { AdministrativeContact } from '#rest/generated/client-server/administrative_contact.routes';
import type { Served } from '#rest/runtime/served';

export const administrativeContact = (): Served<AdministrativeContact, Gaps['client-server']> => ({
  /** None can be added yet, so that the list is empty for everybody. */
  async getAccount3PIDs() {
    return { threepids: [] };
  },
});
