import { createHash } from 'node:crypto';

/**
 * The id of a transaction. It follows from the events in it, so that the same ones sent again, even after a crash, have
 * the same id, and others never do. EDUs can say the same thing twice and mean it: `nonce` tells such transactions apart.
 * Spec: server-server, "Transactions".
 */
export function transactionId(destination: string, eventIds: readonly string[], nonce: string): string {
  return createHash('sha256')
    .update(JSON.stringify([destination, eventIds, nonce]))
    .digest('base64url');
}
