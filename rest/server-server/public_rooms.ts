import type { Domain } from '#domain/domain';
import type { PublicRooms } from '#rest/generated/server-server/public_rooms.routes';
import { publicRoomsResponse } from '../client-server/public-rooms.mapper';

export const publicRooms = ({ federationInbound: { queries } }: Pick<Domain, 'federationInbound'>): PublicRooms => ({
  async getPublicRooms({ query: { limit, since } }) {
    return publicRoomsResponse(await queries.publicRooms({ limit, since }));
  },

  async queryPublicRooms({ body: { limit, since, filter = {} } }) {
    const { generic_search_term: search, room_types: roomTypes } = filter;
    return publicRoomsResponse(await queries.publicRooms({ limit, since, search, roomTypes }));
  },
});
