import { BadJsonError } from '#kernel/errors';
import { isValidEventId, isValidRoomId, isValidUserId, MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { ownValue } from '../json-access';
import type { RoomVersion } from '../room-versions';
import type { Pdu } from './pdu';

export const MAX_PREV_EVENTS = 20;
export const MAX_AUTH_EVENTS = 10;

export interface FormatOptions {
  /**
   * Without the limits on the numbers of references: the answer of `backfill` may hold events from before there were any.
   * Spec: server-server, `GET /_matrix/federation/v1/backfill`.
   */
  readonly unlimited?: boolean;
}

const BASE64_ID = /^\$[A-Za-z0-9+/]{43}$/;
const URL_SAFE_ID = /^\$[A-Za-z0-9_-]{43}$/;

/**
 * Checks that a value has the format of an event of this room version, and returns it. Does not look at hashes, size or
 * authority. Throws {@link BadJsonError} naming the member. Spec: "Event format" of each room version.
 */
export function checkEventFormat(
  version: RoomVersion,
  value: JsonValue,
  { unlimited = false }: FormatOptions = {},
): Pdu {
  if (!isJsonObject(value)) throw new BadJsonError('An event must be an object');
  checkCommon(value);
  checkReferences(version, value, 'prev_events', unlimited ? Infinity : MAX_PREV_EVENTS);
  checkReferences(version, value, 'auth_events', unlimited ? Infinity : MAX_AUTH_EVENTS);
  checkIds(version, value);
  checkHashes(value);
  checkSignatures(value);
  return value as Pdu;
}

/** Whether a text has the form of an event id of this room version. */
export function isEventIdOf(version: RoomVersion, eventId: unknown): eventId is string {
  if (version.eventIds === 'field') return isValidEventId(eventId);
  return typeof eventId === 'string' && (version.eventIds === 'base64' ? BASE64_ID : URL_SAFE_ID).test(eventId);
}

function checkCommon(event: JsonObject): void {
  requireShortText(event, 'type');
  const sender = ownValue(event, 'sender');
  if (!isValidUserId(sender)) throw new BadJsonError('sender is not a user ID');
  if (ownValue(event, 'state_key') !== undefined) requireShortText(event, 'state_key');
  for (const key of ['content', 'hashes', 'signatures']) requireObject(event, key);
  if (ownValue(event, 'unsigned') !== undefined) requireObject(event, 'unsigned');
  if (!Number.isSafeInteger(ownValue(event, 'origin_server_ts'))) {
    throw new BadJsonError('origin_server_ts is not an integer');
  }
  // Larger depths were legal before version 6, but a depth above 2^53 poisons whatever computes the next one.
  const depth = ownValue(event, 'depth');
  if (!Number.isSafeInteger(depth) || (depth as number) < 0) {
    throw new BadJsonError('depth is not an integer from 0 to (2^53)-1');
  }
}

function checkIds(version: RoomVersion, event: JsonObject): void {
  const roomId = ownValue(event, 'room_id');
  const isCreate = event.type === 'm.room.create' && event.state_key === '';
  if (version.createEventIsRoomId && isCreate) {
    if (roomId !== undefined) throw new BadJsonError('A create event of this room version has no room_id');
  } else if (!isValidRoomId(roomId)) {
    throw new BadJsonError('room_id is not a room ID');
  } else if (version.createEventIsRoomId && roomId.includes(':')) {
    throw new BadJsonError('room_id is not a room ID of this room version');
  }
  const eventId = ownValue(event, 'event_id');
  if (version.eventIds === 'field') {
    if (!isValidEventId(eventId) || !eventId.includes(':')) throw new BadJsonError('event_id is not an event ID');
  } else if (eventId !== undefined) {
    throw new BadJsonError('Events of this room version have no event_id');
  }
  const redacts = ownValue(event, 'redacts');
  if (redacts !== undefined && !version.redactsInContent && typeof redacts !== 'string') {
    throw new BadJsonError('redacts is not a string');
  }
}

function checkReferences(version: RoomVersion, event: JsonObject, key: string, limit: number): void {
  const references = ownValue(event, key);
  if (!Array.isArray(references)) throw new BadJsonError(`${key} is not an array`);
  if (references.length > limit) throw new BadJsonError(`${key} has more than ${limit} entries`);
  for (const reference of references) {
    const eventId = version.hashedReferences ? hashedReferenceId(reference) : reference;
    if (!isEventIdOf(version, eventId)) throw new BadJsonError(`${key} has an entry that refers to no event`);
  }
}

function hashedReferenceId(reference: JsonValue): JsonValue | undefined {
  return Array.isArray(reference) && reference.length === 2 && isJsonObject(reference[1]) ? reference[0] : undefined;
}

function checkHashes(event: JsonObject): void {
  if (typeof ownValue(event.hashes as JsonObject, 'sha256') !== 'string') {
    throw new BadJsonError('hashes.sha256 is not a string');
  }
}

function checkSignatures(event: JsonObject): void {
  for (const [server, signatures] of Object.entries(event.signatures as JsonObject)) {
    if (!isJsonObject(signatures)) throw new BadJsonError(`signatures.${server} is not an object`);
    for (const signature of Object.values(signatures)) {
      if (typeof signature !== 'string')
        throw new BadJsonError(`signatures.${server} has a signature that is no string`);
    }
  }
}

function requireShortText(event: JsonObject, key: string): void {
  const text = ownValue(event, key);
  if (typeof text !== 'string') throw new BadJsonError(`${key} is not a string`);
  if (utf8Length(text) > MAX_ID_BYTES) throw new BadJsonError(`${key} is longer than 255 bytes`);
}

function requireObject(event: JsonObject, key: string): void {
  if (!isJsonObject(ownValue(event, key))) throw new BadJsonError(`${key} is not an object`);
}
