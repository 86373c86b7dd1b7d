import type { JsonObject } from '#kernel/json';
import type { Receipt } from '../receipts';

/** A public receipt of a user of ours. */
export interface SentReceipt extends Pick<Receipt, 'userId' | 'eventId' | 'threadId' | 'ts'> {
  readonly roomId: string;
}

export interface ReceiptEdu extends JsonObject {
  readonly edu_type: 'm.receipt';
  readonly content: Record<string, { 'm.read': Record<string, JsonObject> }>;
}

/**
 * As few EDUs as say it all: one has place for one receipt of a user in a room, so a user's threads take one each. Spec:
 * server-server, "Receipts".
 */
export function receiptEdus(receipts: readonly SentReceipt[]): ReceiptEdu[] {
  const edus: ReceiptEdu[] = [];
  const taken = new Map<string, number>();
  for (const { roomId, userId, eventId, threadId, ts } of receipts) {
    const place = taken.get(`${roomId} ${userId}`) ?? 0;
    taken.set(`${roomId} ${userId}`, place + 1);
    const { content } = (edus[place] ??= { edu_type: 'm.receipt', content: {} });
    const data = { ts, ...(threadId === null ? {} : { thread_id: threadId }) };
    (content[roomId] ??= { 'm.read': {} })['m.read'][userId] = { event_ids: [eventId], data };
  }
  return edus;
}
