import type { Domain } from '#domain/domain';
import type { Knocking } from '#rest/generated/client-server/knocking.routes';

export const knocking = ({ membership }: Pick<Domain, 'membership'>): Knocking => ({
  async knockRoom({ requester, path: { roomIdOrAlias }, query: { via }, body: { reason } }) {
    return { room_id: await membership.knock(requester, roomIdOrAlias, { reason, via }) };
  },
});
