import type { JsonObject, JsonValue } from '#kernel/json';

import { ownString, ownValue } from '../json-access';
import type { RoomVersion } from '../room-versions';

/** Signatures of a JSON object: server name, then key id, then unpadded Base64. */
export type Signatures = { [serverName: string]: { [keyId: string]: string } };

/** A reference as versions 1 and 2 write it. Nothing is made of the hashes, and some servers leave them out. */
export type HashedReference = [eventId: string, hashes: { sha256?: string }];

/**
 * An event as servers exchange it, after its format was checked. The names are the specification's; further members
 * are kept as they came. Values of this type are never changed in place: copy, then hash again.
 */
export type Pdu = JsonObject & {
  readonly type: string;
  readonly sender: string;
  readonly content: JsonObject;
  readonly origin_server_ts: number;
  readonly depth: number;
  readonly auth_events: string[] | HashedReference[];
  readonly prev_events: string[] | HashedReference[];
  /** Absent from create events of version 12 and later. */
  readonly room_id?: string;
  /** Only in versions 1 and 2. */
  readonly event_id?: string;
  readonly state_key?: string;
  /** Redactions before version 11. */
  readonly redacts?: string;
  readonly hashes?: { sha256: string };
  readonly signatures?: Signatures;
  readonly unsigned?: JsonObject;
};

/** Whether an event sets state. */
export function isStateEvent(pdu: Pdu): boolean {
  return pdu.state_key !== undefined;
}

/** Ids of the events that come right before this one. */
export function prevEventIds(pdu: Pdu): string[] {
  return referencedIds(pdu.prev_events);
}

/** Ids of the events that this one names as its authority. */
export function authEventIds(pdu: Pdu): string[] {
  return referencedIds(pdu.auth_events);
}

/** The event a redaction is aimed at, wherever its room version keeps that; undefined for every other event. */
export function redactsOf(version: RoomVersion, pdu: Pdu): string | undefined {
  if (pdu.type !== 'm.room.redaction') return undefined;
  return ownString(version.redactsInContent ? pdu.content : pdu, 'redacts');
}

/** The room of an event: its `room_id`, or for a create event of version 12 and later what its own id says. */
export function roomIdOf(version: RoomVersion, pdu: Pdu, eventId: string): string {
  if (version.createEventIsRoomId && isCreateEvent(pdu)) return `!${eventId.slice(1)}`;
  return pdu.room_id ?? '';
}

/** The id of the create event of a room whose version names rooms by it. */
export function createEventIdOf(roomId: string): string {
  return `$${roomId.slice(1)}`;
}

/** Whether this is the event that makes a room. */
export function isCreateEvent(pdu: Pdu): boolean {
  return pdu.type === 'm.room.create' && pdu.state_key === '';
}

/** The `membership` of a member event's content, when it is a text. */
export function membershipOf(pdu: Pdu | undefined): string | undefined {
  return pdu === undefined ? undefined : ownString(pdu.content, 'membership');
}

function referencedIds(references: readonly JsonValue[]): string[] {
  return references.map((reference) => (Array.isArray(reference) ? reference[0] : reference) as string);
}

/** The room version a create event asks for; 1 when it names none, undefined when it names no text. */
export function roomVersionOf(createContent: JsonObject): string | undefined {
  const version = ownValue(createContent, 'room_version');
  return version === undefined ? '1' : typeof version === 'string' ? version : undefined;
}
