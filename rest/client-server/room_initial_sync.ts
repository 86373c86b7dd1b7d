import type { Domain } from '#domain/domain';
import type { RoomInitialSync } from '#rest/generated/client-server/room_initial_sync.routes';
import { oldRoom } from './old-room.mapper';

export const roomInitialSync = ({
  oldReader,
  directory,
}: Pick<Domain, 'oldReader' | 'directory'>): RoomInitialSync => ({
  async roomInitialSync({ requester, path: { roomId } }) {
    return oldRoom(await oldReader.room(requester, roomId), directory);
  },
});
