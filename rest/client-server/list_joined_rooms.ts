import type { Domain } from '#domain/domain';
import type { ListJoinedRooms } from '#rest/generated/client-server/list_joined_rooms.routes';

export const listJoinedRooms = ({ membership }: Pick<Domain, 'membership'>): ListJoinedRooms => ({
  async getJoinedRooms({ requester }) {
    return { joined_rooms: await membership.joinedRooms(requester.userId) };
  },
});
