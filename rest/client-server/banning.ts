import type { Domain } from '#domain/domain';
import type { Banning } from '#rest/generated/client-server/banning.routes';

export const banning = ({ membership }: Pick<Domain, 'membership'>): Banning => ({
  async ban({ requester, path: { roomId }, body: { user_id: userId, reason } }) {
    await membership.ban(requester, roomId, userId, { reason });
    return {};
  },

  async unban({ requester, path: { roomId }, body: { user_id: userId, reason } }) {
    await membership.unban(requester, roomId, userId, { reason });
    return {};
  },
});
