import type { JsonObject } from '#kernel/json';

import { ownObject, ownString } from '../json-access';
import type { RoomVersion } from '../room-versions';

/** A key of the room state. */
export type StateKey = readonly [type: string, stateKey: string];

/** The parts of an event, or of the draft of one, that choose its auth events. */
export interface AuthSubject {
  readonly type: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly state_key?: string;
}

/**
 * The entries of the room state that authorise an event: the ones that exist become its `auth_events`. Without repeats.
 * Spec: server-server, "Auth events selection".
 */
export function authTypesFor(version: RoomVersion, event: AuthSubject): StateKey[] {
  if (event.type === 'm.room.create') return [];
  const keys: StateKey[] = version.createEventIsRoomId ? [] : [['m.room.create', '']];
  keys.push(['m.room.power_levels', ''], ['m.room.member', event.sender]);
  if (event.type === 'm.room.member' && event.state_key !== undefined) addMemberTypes(version, event, keys);
  return keys;
}

function addMemberTypes(version: RoomVersion, event: AuthSubject, keys: StateKey[]): void {
  const { content, sender, state_key: target } = event;
  const membership = ownString(content, 'membership');
  if (target !== undefined && target !== sender) keys.push(['m.room.member', target]);
  if (membership === 'join' || membership === 'invite' || membership === 'knock') keys.push(['m.room.join_rules', '']);
  const token = ownString(ownObject(ownObject(content, 'third_party_invite'), 'signed'), 'token');
  if (membership === 'invite' && token !== undefined) keys.push(['m.room.third_party_invite', token]);
  const authoriser = ownString(content, 'join_authorised_via_users_server');
  if (membership === 'join' && version.restrictedJoin && authoriser !== undefined) {
    if (authoriser !== sender && authoriser !== target) keys.push(['m.room.member', authoriser]);
  }
}
