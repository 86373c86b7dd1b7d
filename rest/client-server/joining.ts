import type { Domain } from '#domain/domain';
import { parseRoomId } from '#kernel/ids';
import type { Joining } from '#rest/generated/client-server/joining.routes';

export const joining = ({ membership }: Pick<Domain, 'membership'>): Joining => ({
  async joinRoomById({ requester, path: { roomId }, body: { reason } }) {
    parseRoomId(roomId);
    return { room_id: await membership.join(requester, roomId, { reason }) };
  },

  async joinRoom({ requester, path: { roomIdOrAlias }, query: { via }, body: { reason } }) {
    return { room_id: await membership.join(requester, roomIdOrAlias, { reason, via }) };
  },
});
