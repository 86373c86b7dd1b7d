import type { Domain } from '#domain/domain';
import type { Directory } from '#rest/generated/client-server/directory.routes';

export const directory = ({ directory: { aliases } }: Pick<Domain, 'directory'>): Directory => ({
  async getRoomIdByAlias({ path: { roomAlias } }) {
    const { roomId, servers } = await aliases.resolve(roomAlias);
    return { room_id: roomId, servers: [...servers] };
  },

  async setRoomAlias({ requester, path: { roomAlias }, body }) {
    await aliases.set(requester, roomAlias, body.room_id);
    return {};
  },

  async deleteRoomAlias({ requester, path: { roomAlias } }) {
    await aliases.remove(requester, roomAlias);
    return {};
  },

  async getLocalAliases({ requester, path: { roomId } }) {
    return { aliases: await aliases.ofRoom(requester, roomId) };
  },
});
