import type { Domain } from '#domain/domain';
import type { OldRoom } from '#domain/sync';
import { wireEvent, wireEvents } from './client-event.mapper';

/** A room as the deprecated readers answer it, with its place in the public list. */
export async function oldRoom(room: OldRoom, directory: Domain['directory']) {
  const { invite, messages, state, ...rest } = room;
  return {
    ...rest,
    visibility: await directory.publicRooms.visibility(room.room_id),
    ...(invite === undefined ? {} : { invite: wireEvent(invite) }),
    ...(messages === undefined ? {} : { messages: { ...messages, chunk: wireEvents(messages.chunk) } }),
    ...(state === undefined ? {} : { state: wireEvents(state) }),
  };
}
