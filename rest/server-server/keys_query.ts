import type { Domain } from '#domain/domain';
import type { Keys } from '#rest/generated/server-server/definitions';
import type { KeysQuery } from '#rest/generated/server-server/keys_query.routes';

export const keysQuery = ({ federation }: Pick<Domain, 'federation'>): KeysQuery => ({
  async perspectivesKeyQuery({ path, query }) {
    const documents = await federation.notary.ofServer(path.serverName, query.minimum_valid_until_ts);
    return { server_keys: documents as unknown as Keys[] };
  },

  async bulkPerspectivesKeyQuery({ body }) {
    return { server_keys: (await federation.notary.query(body.server_keys)) as unknown as Keys[] };
  },
});
