import { isJsonObject, type JsonValue } from '#kernel/json';

import { ownObject, ownString, ownValue } from '../json-access';
import type { Pdu } from '../events/pdu';
import type { RoomVersion } from '../room-versions';

/** Who may do what in a room at one point. Levels are numbers; creators of version 12 and later have Infinity. */
export interface PowerLevels {
  userLevel(userId: string): number;
  /** The level that sending an event of a type needs. Membership events and redactions of others have more rules. */
  requiredForEvent(type: string, isState: boolean): number;
  readonly redact: number;
  readonly kick: number;
  readonly ban: number;
  readonly invite: number;
  readonly usersDefault: number;
  /** The level that an `@`-notification of a kind needs, as `room`. */
  notification(key: string): number;
}

const TEXT_INTEGER = /^\s*[+-]?\d+\s*$/;

/**
 * The power levels that follow from a room's create event and its power levels event, if it has one. Without one the
 * creator has 100 before version 12, everybody else 0, and state still needs 50.
 * Spec: client-server, `m.room.power_levels`; server-server, "Definitions".
 */
export function powerLevels(version: RoomVersion, createEvent: Pdu, powerLevelsEvent: Pdu | undefined): PowerLevels {
  const content = powerLevelsEvent?.content;
  const level = (key: string, absent: number): number => readLevel(version, ownValue(content, key)) ?? absent;
  const entry = (group: string, key: string): number | undefined =>
    readLevel(version, ownValue(ownObject(content, group), key));
  const creators = creatorsOf(version, createEvent);
  const usersDefault = level('users_default', 0);
  return {
    userLevel: (userId) => {
      if (version.privilegedCreators && creators.includes(userId)) return Infinity;
      if (content === undefined) return creators.includes(userId) ? 100 : 0;
      return entry('users', userId) ?? usersDefault;
    },
    requiredForEvent: (type, isState) =>
      entry('events', type) ?? (isState ? level('state_default', 50) : level('events_default', 0)),
    redact: level('redact', 50),
    kick: level('kick', 50),
    ban: level('ban', 50),
    invite: level('invite', 0),
    usersDefault,
    notification: (key) => entry('notifications', key) ?? 50,
  };
}

/** The creators of a room: `creator` up to version 10, the sender in 11, and the additional ones too from 12 on. */
export function creatorsOf(version: RoomVersion, createEvent: Pdu): string[] {
  if (version.creatorInContent) return [ownString(createEvent.content, 'creator') ?? createEvent.sender];
  if (!version.privilegedCreators) return [createEvent.sender];
  const additional = ownValue(createEvent.content, 'additional_creators');
  const users = Array.isArray(additional) ? additional.filter((user): user is string => typeof user === 'string') : [];
  return [...new Set([createEvent.sender, ...users])];
}

/**
 * Reads one level as the room version writes levels: integers; up to version 9 also texts of integers; up to version 5
 * also floats, cut off at the point. Undefined for all else.
 */
export function readLevel(version: RoomVersion, value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value;
    return version.powerLevelValues === 'float' && Number.isFinite(value) ? Math.trunc(value) : undefined;
  }
  if (typeof value !== 'string' || version.powerLevelValues === 'integer' || !TEXT_INTEGER.test(value))
    return undefined;
  const level = Number(value.trim());
  return Number.isFinite(level) ? level : undefined;
}

/** The levels of a group of the content (`users`, `events`, `notifications`), by key; unreadable ones are left out. */
export function readLevels(version: RoomVersion, group: JsonValue | undefined): Map<string, number> {
  const levels = new Map<string, number>();
  if (!isJsonObject(group)) return levels;
  for (const [key, value] of Object.entries(group)) {
    const level = readLevel(version, value);
    if (level !== undefined) levels.set(key, level);
  }
  return levels;
}
