import type { JsonObject } from '#kernel/json';

/** One transaction. Spec: server-server, "Transactions". */
export interface OutgoingTransaction {
  readonly txnId: string;
  readonly pdus: readonly JsonObject[];
  readonly edus: readonly JsonObject[];
}

/** Carries transactions. Implemented over HTTP. */
export interface TransactionCarrier {
  /** @throws UnreachableServerError, RemoteServerError, DeniedServerError */
  send(destination: string, transaction: OutgoingTransaction, signal: AbortSignal): Promise<void>;
}
