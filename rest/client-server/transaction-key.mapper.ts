import { transactionScope, type TransactionKey } from '#domain/timeline';
import type { Requester } from '#kernel/requester';

/**
 * The key under which a request is answered once: the operation and its parameters, the same for old and new paths.
 * Spec: client-server API, "Transaction identifiers".
 */
export function transactionKey(requester: Requester, path: readonly string[], txnId: string): TransactionKey {
  const { userId } = requester;
  return { userId, scope: transactionScope(requester), path: JSON.stringify(path), txnId };
}
