import type { Federation } from '#domain/federation';
import type { TransactionCarrier } from '#domain/federation-sender';
import { now } from '#kernel/time';
import type { FederationClient } from './federation-client';

/** Puts transactions to other homeservers. Their sender itself knows when a server is to be left alone. */
export const transactionCarrier = (
  client: FederationClient,
  { serverName }: Pick<Federation, 'serverName'>,
): TransactionCarrier => ({
  async send(destination, { txnId, pdus, edus }, signal) {
    const body = {
      origin: serverName,
      origin_server_ts: now(),
      pdus: [...pdus],
      ...(edus.length > 0 && { edus: [...edus] as never }),
    };
    await client.to(destination, { untracked: true, signal }).sendTransaction({ path: { txnId }, body });
  },
});
