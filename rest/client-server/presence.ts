import type { Domain } from '#domain/domain';
import type { Presence } from '#rest/generated/client-server/presence.routes';

export const presence = ({ presence: board }: Pick<Domain, 'presence'>): Presence => ({
  getPresence({ requester, path: { userId } }) {
    return board.get(requester, userId);
  },

  async setPresence({ requester, path: { userId }, body }) {
    await board.set(requester, userId, { presence: body.presence, statusMsg: body.status_msg });
    return {};
  },
});
