import type { DirectoryEntry, PublicRoomsPage } from '#domain/directory';
import type { PublicRoomsChunk, PublicRoomsResponse } from '#rest/generated/client-server/definitions';

/** Writes a page of the directory as the API has it. */
export function publicRoomsResponse(page: PublicRoomsPage): PublicRoomsResponse {
  return {
    chunk: page.entries.map(publicRoomsChunk),
    total_room_count_estimate: page.total,
    ...(page.nextBatch === undefined ? {} : { next_batch: page.nextBatch }),
    ...(page.prevBatch === undefined ? {} : { prev_batch: page.prevBatch }),
  };
}

/** Writes one room as lists of rooms have it; what the room does not say is left out. */
export function publicRoomsChunk(entry: DirectoryEntry): PublicRoomsChunk {
  return {
    room_id: entry.roomId,
    num_joined_members: entry.joinedMembers,
    world_readable: entry.worldReadable,
    guest_can_join: entry.guestCanJoin,
    ...(entry.name === null ? {} : { name: entry.name }),
    ...(entry.topic === null ? {} : { topic: entry.topic }),
    ...(entry.canonicalAlias === null ? {} : { canonical_alias: entry.canonicalAlias }),
    ...(entry.avatarUrl === null ? {} : { avatar_url: entry.avatarUrl }),
    ...(entry.joinRule === null ? {} : { join_rule: entry.joinRule }),
    ...(entry.roomType === null ? {} : { room_type: entry.roomType }),
  };
}
