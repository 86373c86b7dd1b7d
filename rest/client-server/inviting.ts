import type { Domain } from '#domain/domain';
import type { Inviting } from '#rest/generated/client-server/inviting.routes';

export const inviting = ({ membership }: Pick<Domain, 'membership'>): Inviting => ({
  async inviteUser({ requester, path: { roomId }, body: { user_id: userId, reason } }) {
    await membership.invite(requester, roomId, userId, { reason });
    return {};
  },
});
