import type { JsonObject } from '#kernel/json';
import type { MissedReceipt } from './edu-buffer.model';

/** How far a transaction brings a server in a room: up to an event's place in its order. */
export interface Reach {
  readonly roomNid: number;
  readonly upTo: number;
}

/** All that it takes to send a transaction again as it was. The events themselves are kept where all are. */
export interface Contents {
  readonly txnId: string;
  readonly eventNids: readonly number[];
  readonly edus: readonly JsonObject[];
  readonly reaches: readonly Reach[];
  /** The receipts among the EDUs: should the transaction be given up, they are missing again. */
  readonly receipts: readonly MissedReceipt[];
}
