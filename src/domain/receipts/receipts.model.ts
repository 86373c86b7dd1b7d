import type { Position } from '#platform/storage/storage';

/** The kinds that are kept as receipts; `m.fully_read` is account data. */
export type ReceiptType = 'm.read' | 'm.read.private';

/** What the API takes as a receipt type. */
export type MarkerType = ReceiptType | 'm.fully_read';

/** Up to where a user has read a room, or one of its threads. */
export interface Receipt {
  readonly roomNid: number;
  readonly userId: string;
  readonly type: ReceiptType;
  /** A thread root's event id, `main`, or null for all threads. */
  readonly threadId: string | null;
  readonly eventId: string;
  /** Place of the event in the room's order. */
  readonly ordinal: number;
  /** When the receipt came, epoch milliseconds. */
  readonly ts: number;
  readonly position: Position;
}

/** Payload of the `receipts` stream. */
export interface ReceiptNews {
  readonly receipt: Receipt;
}

/** Places in a room's order up to which a user has read, the private and the public receipt taken together. */
export interface ReadUpTo {
  /** Of the receipt for all threads; undefined without one. */
  readonly unthreaded: number | undefined;
  /** By thread root, or `main`. */
  readonly threads: ReadonlyMap<string, number>;
}

/** The content of an `m.receipt` event: event id, receipt type, user id. */
export type ReceiptContent = Record<string, Record<string, Record<string, { ts: number; thread_id?: string }>>>;
