import type { Domain } from '#domain/domain';
import type { CreateRoom } from '#rest/generated/client-server/create_room.routes';

export const createRoom = ({ rooms }: Pick<Domain, 'rooms'>): CreateRoom => ({
  async createRoom({ requester, body }) {
    return { room_id: await rooms.create(requester, body) };
  },
});
