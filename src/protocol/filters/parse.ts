import { BadJsonError } from '#kernel/errors';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { ownValue } from '../json-access';
import type { EventFilter, RoomEventFilter, RoomFilter, SyncFilter } from './filter';

/** Entries in one list of a filter; each of them costs time for each event. */
export const MAX_FILTER_ENTRIES = 1000;

/**
 * Reads a whole filter. Unknown members are ignored; a known one of the wrong shape throws {@link BadJsonError} that names
 * it. Spec: client-server, "Filtering".
 */
export function parseSyncFilter(value: JsonValue): SyncFilter {
  const filter = requireObject(value, 'filter');
  return withoutAbsent<SyncFilter>({
    event_fields: strings(filter, 'event_fields', ''),
    event_format: eventFormat(ownValue(filter, 'event_format')),
    presence: member(filter, 'presence', '', eventFilter),
    account_data: member(filter, 'account_data', '', eventFilter),
    room: member(filter, 'room', '', roomFilter),
  });
}

/** Reads the filter of `/messages`, `/context` and `/search`. Throws {@link BadJsonError}. */
export function parseRoomEventFilter(value: JsonValue): RoomEventFilter {
  return roomEventFilter(requireObject(value, 'filter'), '');
}

function roomFilter(filter: JsonObject, path: string): RoomFilter {
  return withoutAbsent<RoomFilter>({
    rooms: strings(filter, 'rooms', path, '!'),
    not_rooms: strings(filter, 'not_rooms', path, '!'),
    include_leave: flag(filter, 'include_leave', path),
    ephemeral: member(filter, 'ephemeral', path, roomEventFilter),
    state: member(filter, 'state', path, roomEventFilter),
    timeline: member(filter, 'timeline', path, roomEventFilter),
    account_data: member(filter, 'account_data', path, roomEventFilter),
  });
}

function roomEventFilter(filter: JsonObject, path: string): RoomEventFilter {
  return withoutAbsent<RoomEventFilter>({
    ...eventFilter(filter, path),
    rooms: strings(filter, 'rooms', path, '!'),
    not_rooms: strings(filter, 'not_rooms', path, '!'),
    contains_url: flag(filter, 'contains_url', path),
    lazy_load_members: flag(filter, 'lazy_load_members', path),
    include_redundant_members: flag(filter, 'include_redundant_members', path),
    unread_thread_notifications: flag(filter, 'unread_thread_notifications', path),
  });
}

function eventFilter(filter: JsonObject, path: string): EventFilter {
  return withoutAbsent<EventFilter>({
    limit: limit(filter, path),
    senders: strings(filter, 'senders', path, '@'),
    not_senders: strings(filter, 'not_senders', path, '@'),
    types: strings(filter, 'types', path),
    not_types: strings(filter, 'not_types', path),
  });
}

function member<T>(
  filter: JsonObject,
  key: string,
  path: string,
  read: (value: JsonObject, path: string) => T,
): T | undefined {
  const value = ownValue(filter, key);
  return value === undefined ? undefined : read(requireObject(value, path + key), `${path}${key}.`);
}

/** `sigil`, when given, must start each entry: the lists of users and rooms are checked that far. */
function strings(filter: JsonObject, key: string, path: string, sigil = ''): string[] | undefined {
  const value = ownValue(filter, key);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new BadJsonError(`${path}${key} must be an array`);
  if (value.length > MAX_FILTER_ENTRIES)
    throw new BadJsonError(`${path}${key} has more than ${MAX_FILTER_ENTRIES} entries`);
  return value.map((entry, index) => {
    if (typeof entry !== 'string' || !entry.startsWith(sigil)) {
      const what = sigil === '@' ? 'a user ID' : sigil === '!' ? 'a room ID' : 'a string';
      throw new BadJsonError(`${path}${key}[${index}] must be ${what}`);
    }
    return entry;
  });
}

function flag(filter: JsonObject, key: string, path: string): boolean | undefined {
  const value = ownValue(filter, key);
  if (value !== undefined && typeof value !== 'boolean') throw new BadJsonError(`${path}${key} must be a boolean`);
  return value;
}

/** Zero is against the letter of the specification, but clients that want no timeline send it. */
function limit(filter: JsonObject, path: string): number | undefined {
  const value = ownValue(filter, 'limit');
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new BadJsonError(`${path}limit must be a positive integer`);
  return value as number;
}

function eventFormat(value: JsonValue | undefined): 'client' | 'federation' | undefined {
  if (value === undefined || value === 'client' || value === 'federation') return value;
  throw new BadJsonError('event_format must be client or federation');
}

function requireObject(value: JsonValue, path: string): JsonObject {
  if (!isJsonObject(value)) throw new BadJsonError(`${path} must be an object`);
  return value;
}

/** Drops members that are undefined, so that a stored filter holds what the client said. */
function withoutAbsent<T extends object>(filter: T): T {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as T;
}
