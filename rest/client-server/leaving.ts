import type { Domain } from '#domain/domain';
import type { Leaving } from '#rest/generated/client-server/leaving.routes';

export const leaving = ({ membership }: Pick<Domain, 'membership'>): Leaving => ({
  async leaveRoom({ requester, path: { roomId }, body: { reason } }) {
    await membership.leave(requester, roomId, { reason });
    return {};
  },

  async forgetRoom({ requester, path: { roomId } }) {
    await membership.forget(requester, roomId);
    return {};
  },
});
