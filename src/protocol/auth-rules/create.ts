import { isValidUserId, serverNameOf } from '#kernel/ids';

import { roomVersionOf, type Pdu } from '../events/pdu';
import { ownValue } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { reject } from './context';

/** Rule 1: the event that makes the room, which needs nobody's permission but must be well made. */
export function checkCreate(version: RoomVersion, event: Pdu): void {
  if (event.prev_events.length > 0) reject('The create event has previous events');
  if (event.state_key !== '') reject('The create event must have an empty state key');
  if (version.createEventIsRoomId) {
    if (event.room_id !== undefined) reject('The create event has a room_id');
  } else if (serverNameOf(event.room_id ?? '') !== serverNameOf(event.sender)) {
    reject("The room ID is not of the creator's server");
  }
  if (roomVersionOf(event.content) !== version.id) reject('The create event is of another room version');
  if (version.creatorInContent && ownValue(event.content, 'creator') === undefined) {
    reject('The create event names no creator');
  }
  const additional = ownValue(event.content, 'additional_creators');
  if (version.privilegedCreators && additional !== undefined) {
    if (!Array.isArray(additional) || !additional.every(isValidUserId)) reject('additional_creators must be user IDs');
  }
}
