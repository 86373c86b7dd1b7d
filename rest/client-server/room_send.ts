import type { Domain } from '#domain/domain';
import type { RoomSend } from '#rest/generated/client-server/room_send.routes';
import { transactionKey } from './transaction-key.mapper';

export const roomSend = ({ timeline }: Pick<Domain, 'timeline'>): RoomSend => ({
  async sendMessage({ requester, path: { roomId, eventType, txnId }, body }) {
    const draft = { roomId, type: eventType, content: body };
    const transaction = transactionKey(requester, ['send', roomId, eventType], txnId);
    return { event_id: await timeline.send(requester, draft, transaction) };
  },
});
