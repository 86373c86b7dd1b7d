import type { Domain } from '#domain/domain';
import type { ToDevice } from '#rest/generated/client-server/to_device.routes';

export const toDevice = ({ toDevice: queue }: Pick<Domain, 'toDevice'>): ToDevice => ({
  async sendToDevice({ requester, path: { eventType, txnId }, body: { messages } }) {
    await queue.send(requester, { type: eventType, txnId, messages });
    return {};
  },
});
