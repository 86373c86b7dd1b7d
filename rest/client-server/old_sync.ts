import type { Domain } from '#domain/domain';
import type { OldSync } from '#rest/generated/client-server/old_sync.routes';
import { wireEvent, wireEvents } from './client-event.mapper';
import { oldRoom } from './old-room.mapper';

export const oldSync = ({ oldReader, directory }: Pick<Domain, 'oldReader' | 'directory'>): OldSync => ({
  async getEvents({ requester, query: { from, timeout: timeoutMs }, request: { signal } }) {
    const { chunk, ...places } = await oldReader.events(requester, { from, timeoutMs, signal });
    return { ...places, chunk: wireEvents(chunk) };
  },

  async initialSync({ requester, query }) {
    const { rooms, ...rest } = await oldReader.initial(requester, query);
    const shown = await Promise.all(rooms.map((room) => oldRoom(room, directory)));
    return { ...rest, rooms: shown.map((room) => ({ ...room, membership: room.membership ?? 'leave' })) };
  },

  async getOneEvent({ requester, path: { eventId } }) {
    return wireEvent(await oldReader.event(requester, eventId));
  },
});
