import { isJsonObject, type JsonObject } from '#kernel/json';
import { ownObject, ownValue } from '#protocol/json-access';
import type { RoomVersion } from '#protocol/room-versions';
import type { InitialState, RoomPreset } from './rooms.model';

const TOMBSTONE = 'm.room.tombstone';
/** Where creators stand above all levels, only they may end the room by default. */
const CREATORS_ONLY = 150;
const DEFAULT_STATE_LEVEL = 50;

/** What each preset sets. Spec: client-server API, `POST /createRoom`. */
const PRESETS: Readonly<Record<RoomPreset, { joinRule: string; guestAccess: string; invite: number }>> = {
  private_chat: { joinRule: 'invite', guestAccess: 'can_join', invite: 0 },
  trusted_private_chat: { joinRule: 'invite', guestAccess: 'can_join', invite: 0 },
  public_chat: { joinRule: 'public', guestAccess: 'forbidden', invite: 50 },
};

/** The state events of a preset. */
export function presetState(preset: RoomPreset): InitialState[] {
  const { joinRule, guestAccess } = PRESETS[preset];
  return [
    { type: 'm.room.join_rules', content: { join_rule: joinRule } },
    { type: 'm.room.history_visibility', content: { history_visibility: 'shared' } },
    { type: 'm.room.guest_access', content: { guest_access: guestAccess } },
  ];
}

/** The power levels of a new room, where `users` have the power of its creator. */
export function newPowerLevels(version: RoomVersion, preset: RoomPreset, users: readonly string[]): JsonObject {
  const top = 100;
  return {
    users: Object.fromEntries(users.map((userId) => [userId, top])),
    users_default: 0,
    events: {
      'm.room.name': 50,
      'm.room.avatar': 50,
      'm.room.canonical_alias': 50,
      'm.room.power_levels': top,
      'm.room.history_visibility': top,
      'm.room.encryption': top,
      'm.room.server_acl': top,
      [TOMBSTONE]: version.privilegedCreators ? CREATORS_ONLY : top,
    },
    events_default: 0,
    state_default: 50,
    ban: 50,
    kick: 50,
    redact: 50,
    invite: PRESETS[preset].invite,
    notifications: { room: 50 },
  };
}

/** Whether power levels say who may end the room. */
export function hasTombstoneLevel(content: JsonObject | undefined): boolean {
  return ownValue(ownObject(content, 'events'), TOMBSTONE) !== undefined;
}

/** The same power levels, where ending the room takes more than other state. Spec: `POST /createRoom`, versions from 12. */
export function withTombstoneLevel(content: JsonObject): JsonObject {
  const { events = {}, state_default: state = DEFAULT_STATE_LEVEL } = content;
  // What is no level or group of levels is left as it is, for the room's rules to refuse.
  if (!isJsonObject(events) || typeof state !== 'number') return content;
  return { ...content, events: { ...events, [TOMBSTONE]: Math.max(CREATORS_ONLY, state + 1) } };
}
