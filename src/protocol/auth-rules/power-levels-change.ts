import { BadJsonError } from '#kernel/errors';
import { isValidUserId } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import type { Pdu } from '../events/pdu';
import { ownValue } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { reject, type AuthContext } from './context';
import { creatorsOf, readLevel, readLevels } from './power-levels';

const SINGLE_LEVELS = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'];

/** The rule for `m.room.power_levels`: nobody gives or takes a level above their own. */
export function checkPowerLevels(context: AuthContext): void {
  const { version, event, createEvent } = context;
  if (version.powerLevelValues === 'integer') checkIntegers(version, event.content);
  checkUsers(version, createEvent, ownValue(event.content, 'users'));
  const current = context.state('m.room.power_levels', '');
  if (current !== undefined) checkChanges(context, current);
}

/**
 * Refuses power levels that are no integers in what our own users send, in the old room versions too, whose rules still
 * let texts and floats pass. Throws {@link BadJsonError} naming the member. Spec: server-server, "Definitions".
 */
export function assertIntegerPowerLevels(content: JsonObject): void {
  const single = SINGLE_LEVELS.map((key) => [key, ownValue(content, key)] as const);
  const grouped = ['users', 'events', 'notifications'].flatMap((group) => {
    const levels = ownValue(content, group);
    if (levels !== undefined && !isJsonObject(levels)) throw new BadJsonError(`${group} must be an object`);
    return Object.entries(levels ?? {}).map(([key, level]) => [`${group}.${key}`, level] as const);
  });
  for (const [place, level] of [...single, ...grouped]) {
    if (level !== undefined && !Number.isSafeInteger(level)) throw new BadJsonError(`${place} must be an integer`);
  }
}

function checkIntegers(version: RoomVersion, content: JsonObject): void {
  for (const key of SINGLE_LEVELS) {
    const value = ownValue(content, key);
    if (value !== undefined && readLevel(version, value) === undefined) reject(`${key} must be an integer`);
  }
  for (const group of ['events', 'notifications']) checkGroup(version, group, ownValue(content, group));
}

function checkUsers(version: RoomVersion, createEvent: Pdu, users: JsonValue | undefined): void {
  checkGroup(version, 'users', users);
  for (const userId of isJsonObject(users) ? Object.keys(users) : []) {
    if (!isValidUserId(userId)) reject('users must have user IDs as keys');
  }
  if (!version.privilegedCreators || !isJsonObject(users)) return;
  if (creatorsOf(version, createEvent).some((creator) => Object.hasOwn(users, creator))) {
    reject('Creators of the room must not be among the users of its power levels');
  }
}

function checkGroup(version: RoomVersion, group: string, levels: JsonValue | undefined): void {
  if (levels === undefined) return;
  if (!isJsonObject(levels)) return reject(`${group} must be an object`);
  for (const level of Object.values(levels)) {
    if (readLevel(version, level) === undefined) reject(`${group} must have integers as values`);
  }
}

function checkChanges(context: AuthContext, current: Pdu): void {
  const { version, event } = context;
  checkLevels(context, singleLevels(version, current.content), singleLevels(version, event.content), 'above');
  const groups = version.checksNotificationLevels ? ['events', 'notifications'] : ['events'];
  for (const group of groups) checkLevels(context, ...groupLevels(context, current, group), 'above');
  checkLevels(context, ...groupLevels(context, current, 'users'), 'from');
}

function groupLevels({ version, event }: AuthContext, current: Pdu, group: string): [Levels, Levels] {
  return [readLevels(version, ownValue(current.content, group)), readLevels(version, ownValue(event.content, group))];
}

type Levels = ReadonlyMap<string, number>;

function singleLevels(version: RoomVersion, content: JsonObject): Levels {
  const present = SINGLE_LEVELS.map((key) => [key, readLevel(version, ownValue(content, key))] as const);
  return new Map(present.filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/**
 * Compares levels before and after. `above`: a level may be taken away unless it is above the sender's; `from`: also not
 * when it equals the sender's, except the sender's own.
 */
function checkLevels(
  { event, senderLevel }: AuthContext,
  before: Levels,
  after: Levels,
  locked: 'above' | 'from',
): void {
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(key);
    const next = after.get(key);
    if (old === next) continue;
    if (old !== undefined && old > senderLevel) reject(`You cannot change a level above your own: ${key}`);
    if (old !== undefined && locked === 'from' && old === senderLevel && key !== event.sender) {
      reject(`You cannot change the level of a user who has as much power as you: ${key}`);
    }
    if (next !== undefined && next > senderLevel) reject(`You cannot grant a level above your own: ${key}`);
  }
}
