import type { KeySource } from '#domain/federation';
import type { FederationClient } from './federation-client';

/** Asks servers and notaries for keys. Strangers decide whom we ask, so nothing is remembered about those servers. */
export const keySource = (client: FederationClient): KeySource => ({
  async published(serverName) {
    return await client.to(serverName, { untracked: true }).getServerKey();
  },
  async vouched(notary, wanted) {
    const answer = await client
      .to(notary, { untracked: true })
      .bulkPerspectivesKeyQuery({ body: { server_keys: wanted } });
    return Array.isArray(answer.server_keys) ? answer.server_keys : [];
  },
});
