import { serverNameOf } from '#kernel/ids';

import { authEventIds, isCreateEvent, roomIdOf, type Pdu } from '../events/pdu';
import { ownObject, ownString } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { stateEntryKey } from '../state-key';
import { reject } from './context';
import { authTypesFor } from './select';

/** An event that stands among the `auth_events` of another, as the store has it. */
export interface AuthEvent {
  readonly pdu: Pdu;
  readonly eventId: string;
  readonly rejected: boolean;
}

/**
 * The rules that need no room state, only the events named in `auth_events`: no two for one entry, none that the event
 * does not need, none rejected, none of another room, the create event among them (before 12) or named by the room id
 * and accepted (12). `createEvent` is the room's. Also asks that the server of `join_authorised_via_users_server` has
 * signed; that the signature is right was checked with the others. Throws ForbiddenError: the event is rejected for good.
 */
export function checkAuthEvents(
  version: RoomVersion,
  event: Pdu,
  authEvents: readonly AuthEvent[],
  createEvent: AuthEvent | undefined,
): void {
  if (isCreateEvent(event)) return;
  checkRoom(version, event, createEvent);
  checkAuthorisingSignature(version, event);
  const named = authEventIds(event);
  if (new Set(named).size < named.length) reject('The auth events include one twice');
  const allowed = new Set(authTypesFor(version, event).map(([type, stateKey]) => stateEntryKey(type, stateKey)));
  const seen = new Set<string>();
  for (const { pdu, eventId, rejected } of authEvents) {
    const entry = pdu.state_key === undefined ? undefined : stateEntryKey(pdu.type, pdu.state_key);
    if (entry === undefined || !allowed.has(entry)) reject(`The auth events include a needless ${pdu.type}`);
    if (seen.has(entry)) reject(`The auth events include two of ${pdu.type}`);
    seen.add(entry);
    if (rejected) reject(`The auth events include the rejected ${eventId}`);
    if (roomIdOf(version, pdu, eventId) !== event.room_id) reject(`The auth events include one of another room`);
  }
  if (!version.createEventIsRoomId && !seen.has(stateEntryKey('m.room.create', ''))) {
    reject('The auth events lack the create event');
  }
}

function checkRoom(version: RoomVersion, event: Pdu, createEvent: AuthEvent | undefined): void {
  if (!version.createEventIsRoomId) return;
  if (createEvent === undefined || createEvent.rejected || !isCreateEvent(createEvent.pdu)) {
    reject('The room has no accepted create event');
  }
  if (`!${createEvent.eventId.slice(1)}` !== event.room_id) reject('The event is of another room');
}

function checkAuthorisingSignature(version: RoomVersion, event: Pdu): void {
  const authoriser = ownString(event.content, 'join_authorised_via_users_server');
  if (!version.restrictedJoin || event.type !== 'm.room.member' || authoriser === undefined) return;
  if (ownObject(ownObject(event, 'signatures'), serverNameOf(authoriser) ?? '') === undefined) {
    reject('The server of the user who authorised the join has not signed it');
  }
}
