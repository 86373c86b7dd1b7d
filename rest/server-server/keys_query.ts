import type { Domain } from '#domain/domain';
import type { Keys } from '#rest/generated/server-server/definitions';
import type { KeysQuery } from '#rest/generated/server-server/keys_query.routes';
import { limitKey } from '../runtime/client-address';

export const keysQuery = ({ federation }: Pick<Domain, 'federation'>): KeysQuery => ({
  async perspectivesKeyQuery({ path, query, request }) {
    const wanted = { minimumValidUntil: query.minimum_valid_until_ts };
    const documents = await federation.notary.ofServer(path.serverName, wanted, limitKey(request.ip));
    return { server_keys: documents as unknown as Keys[] };
  },

  async bulkPerspectivesKeyQuery({ body, request }) {
    const documents = await federation.notary.query(body.server_keys, limitKey(request.ip));
    return { server_keys: documents as unknown as Keys[] };
  },
});
