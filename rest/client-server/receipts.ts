import type { Domain } from '#domain/domain';
import type { Receipts } from '#rest/generated/client-server/receipts.routes';

export const receipts = ({ receipts: kept }: Pick<Domain, 'receipts'>): Receipts => ({
  async postReceipt({ requester, path: { roomId, receiptType, eventId }, body }) {
    await kept.set(requester, { roomId, type: receiptType, eventId, threadId: body.thread_id });
    return {};
  },
});
