import type { Domain } from '#domain/domain';
import type { Redaction } from '#rest/generated/client-server/redaction.routes';
import { transactionKey } from './transaction-key.mapper';

export const redaction = ({ timeline }: Pick<Domain, 'timeline'>): Redaction => ({
  async redactEvent({ requester, path: { roomId, eventId, txnId }, body }) {
    const draft = { roomId, type: 'm.room.redaction', content: body, redacts: eventId };
    const transaction = transactionKey(requester, ['redact', roomId, eventId], txnId);
    return { event_id: await timeline.send(requester, draft, transaction) };
  },
});
