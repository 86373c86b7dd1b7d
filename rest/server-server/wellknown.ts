import { NotFoundError } from '#kernel/errors';
import type { Wellknown } from '#rest/generated/server-server/wellknown.routes';

/** @param server where other homeservers find this one, as in `matrix.example.org:443`; undefined when it is not known */
export const wellknown = (server: string | undefined): Wellknown => ({
  async getWellKnown() {
    if (server === undefined) throw new NotFoundError('No server is named for this domain');
    return { 'm.server': server };
  },
});
