import type { Domain } from '#domain/domain';
import type { ListPublicRooms } from '#rest/generated/client-server/list_public_rooms.routes';
import { publicRoomsResponse } from './public-rooms.mapper';

export const listPublicRooms = ({ directory: { publicRooms } }: Pick<Domain, 'directory'>): ListPublicRooms => ({
  async getRoomVisibilityOnDirectory({ path: { roomId } }) {
    return { visibility: await publicRooms.visibility(roomId) };
  },

  async setRoomVisibilityOnDirectory({ requester, path: { roomId }, body }) {
    await publicRooms.setVisibility(requester, roomId, body.visibility ?? 'public');
    return {};
  },

  async getPublicRooms({ query: { limit, since, server } }) {
    return publicRoomsResponse(await publicRooms.page({ limit, since, server }));
  },

  async queryPublicRooms({ query: { server }, body: { limit, since, filter = {} } }) {
    const { generic_search_term: search, room_types: roomTypes } = filter;
    return publicRoomsResponse(await publicRooms.page({ limit, since, server, search, roomTypes }));
  },
});
