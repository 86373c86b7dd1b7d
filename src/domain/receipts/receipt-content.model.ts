import type { ReadUpTo, Receipt, ReceiptContent } from './receipts.model';

/** Writes receipts as the contents of `m.receipt` events, one a room, by room number. */
export function receiptContents(receipts: readonly Receipt[]): Map<number, ReceiptContent> {
  const contents = new Map<number, ReceiptContent>();
  for (const [roomNid, some] of byRoom(receipts)) contents.set(roomNid, receiptContent(some));
  return contents;
}

/**
 * One user may have read two threads up to the same event, but the format has one place for user and event. Then the
 * receipt for the whole room is written, which says most, and else the newer one.
 */
function receiptContent(receipts: readonly Receipt[]): ReceiptContent {
  const content: ReceiptContent = Object.create(null) as ReceiptContent;
  for (const receipt of [...receipts].sort(leastFirst)) {
    const types = (content[receipt.eventId] ??= Object.create(null) as ReceiptContent[string]);
    const users = (types[receipt.type] ??= Object.create(null) as ReceiptContent[string][string]);
    users[receipt.userId] = { ts: receipt.ts, ...(receipt.threadId === null ? {} : { thread_id: receipt.threadId }) };
  }
  return content;
}

/** The furthest of a user's public and private receipts in one room, for the room and for each thread. */
export function readUpTo(receipts: readonly Receipt[]): ReadUpTo {
  let unthreaded: number | undefined;
  const threads = new Map<string, number>();
  for (const { threadId, ordinal } of receipts) {
    if (threadId === null) unthreaded = Math.max(unthreaded ?? ordinal, ordinal);
    else threads.set(threadId, Math.max(threads.get(threadId) ?? ordinal, ordinal));
  }
  return { unthreaded, threads };
}

function leastFirst(a: Receipt, b: Receipt): number {
  const unthreaded = Number(a.threadId === null) - Number(b.threadId === null);
  return unthreaded === 0 ? a.ts - b.ts : unthreaded;
}

function byRoom(receipts: readonly Receipt[]): Map<number, Receipt[]> {
  const rooms = new Map<number, Receipt[]>();
  for (const receipt of receipts) rooms.set(receipt.roomNid, [...(rooms.get(receipt.roomNid) ?? []), receipt]);
  return rooms;
}
