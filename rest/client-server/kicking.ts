import type { Domain } from '#domain/domain';
import type { Kicking } from '#rest/generated/client-server/kicking.routes';

export const kicking = ({ membership }: Pick<Domain, 'membership'>): Kicking => ({
  async kick({ requester, path: { roomId }, body: { user_id: userId, reason } }) {
    await membership.kick(requester, roomId, userId, { reason });
    return {};
  },
});
