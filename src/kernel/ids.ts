import { InvalidParamError } from './errors';
import { readServerName } from './server-names';

export { isValidServerName, parseServerName, readServerName, type ServerName } from './server-names';

/** The longest any identifier may be, in bytes of UTF-8. */
export const MAX_ID_BYTES = 255;

/** An identifier of the form sigil, localpart, colon, server name. */
export interface QualifiedId {
  readonly localpart: string;
  readonly serverName: string;
}

/** A room id; rooms of version 12 and later are named by a hash alone and have no server. */
export interface RoomId {
  readonly opaqueId: string;
  readonly serverName: string | undefined;
}

const COMPLIANT_LOCALPART = /^[a-z0-9._=\-/+]+$/;
const HASH = /^[A-Za-z0-9_-]{43}$/;
/** NUL and surrogates without their other half; everything else may stand in a historical localpart. */
const FORBIDDEN = /[\0\ud800-\udfff]/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * Takes a user id apart, or throws {@link InvalidParamError}. Historical localparts are accepted, the empty one too,
 * because other servers have such users; for new accounts see {@link isValidLocalpartForRegistration}.
 * Spec: appendices, "User Identifiers".
 */
export function parseUserId(userId: string): QualifiedId {
  const parsed = readQualified(userId, '@');
  if (parsed === undefined) throw new InvalidParamError('Not a valid user ID');
  return parsed;
}

/** Whether a text is a user id, historical localparts included. */
export function isValidUserId(userId: unknown): userId is string {
  return typeof userId === 'string' && readQualified(userId, '@') !== undefined;
}

/** Whether a user id keeps to today's grammar; others are not shown to clients outside of events. */
export function isCompliantUserId(userId: string): boolean {
  const parsed = readQualified(userId, '@');
  return parsed !== undefined && /^[\x21-\x7e]+$/.test(parsed.localpart);
}

/** Whether this server may create an account of this localpart: today's characters, and 255 bytes for the whole id. */
export function isValidLocalpartForRegistration(localpart: string, serverName: string): boolean {
  return COMPLIANT_LOCALPART.test(localpart) && localpart.length + serverName.length + 2 <= MAX_ID_BYTES;
}

/** Makes a user id; the parts are taken as they are. */
export function makeUserId(localpart: string, serverName: string): string {
  return `@${localpart}:${serverName}`;
}

/** Takes a room id apart, with or without a server, or throws {@link InvalidParamError}. Spec: appendices, "Room IDs". */
export function parseRoomId(roomId: string): RoomId {
  const parsed = readRoomId(roomId);
  if (parsed === undefined) throw new InvalidParamError('Not a valid room ID');
  return parsed;
}

/** Whether a text is a room id of any room version. */
export function isValidRoomId(roomId: unknown): roomId is string {
  return typeof roomId === 'string' && readRoomId(roomId) !== undefined;
}

/** Takes a room alias apart, or throws {@link InvalidParamError}. Spec: appendices, "Room Aliases". */
export function parseRoomAlias(alias: string): QualifiedId {
  const parsed = readQualified(alias, '#');
  if (parsed === undefined || parsed.localpart === '') throw new InvalidParamError('Not a valid room alias');
  return parsed;
}

/** Whether a text is a room alias. */
export function isValidRoomAlias(alias: unknown): alias is string {
  return typeof alias === 'string' && (readQualified(alias, '#')?.localpart ?? '') !== '';
}

/** Whether a text can be an event id of some room version: the sigil, something after it, 255 bytes at most. */
export function isValidEventId(eventId: unknown): eventId is string {
  return typeof eventId === 'string' && eventId.length > 1 && eventId.startsWith('$') && isTidy(eventId);
}

/** Returns an event id unchanged, or throws {@link InvalidParamError}. */
export function parseEventId(eventId: string): string {
  if (!isValidEventId(eventId)) throw new InvalidParamError('Not a valid event ID');
  return eventId;
}

/**
 * The server name inside an identifier: all after the first colon, unchecked, or undefined without a colon. Fast, for
 * identifiers that were checked when they came in.
 */
export function serverNameOf(id: string): string | undefined {
  const colon = id.indexOf(':');
  return colon < 0 ? undefined : id.slice(colon + 1);
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  return PRINTABLE_ASCII.test(text) ? text.length : Buffer.byteLength(text, 'utf8');
}

function readQualified(id: string, sigil: string): QualifiedId | undefined {
  const colon = id.indexOf(':');
  if (colon < 1 || !id.startsWith(sigil) || !isTidy(id)) return undefined;
  const serverName = id.slice(colon + 1);
  return readServerName(serverName) === undefined ? undefined : { localpart: id.slice(1, colon), serverName };
}

function readRoomId(roomId: string): RoomId | undefined {
  if (roomId.includes(':')) {
    const parsed = readQualified(roomId, '!');
    return parsed && parsed.localpart !== ''
      ? { opaqueId: parsed.localpart, serverName: parsed.serverName }
      : undefined;
  }
  return roomId.startsWith('!') && HASH.test(roomId.slice(1))
    ? { opaqueId: roomId.slice(1), serverName: undefined }
    : undefined;
}

function isTidy(id: string): boolean {
  return id.length <= MAX_ID_BYTES && utf8Length(id) <= MAX_ID_BYTES && !FORBIDDEN.test(id);
}
