import type { OutgoingLimits } from '#platform/http-out/http-out';

const MEGABYTE = 1024 * 1024;

/** What answers of other homeservers may cost where nothing else is said. */
const USUAL: Partial<OutgoingLimits> = { totalMs: 30_000, headersMs: 30_000, idleMs: 15_000, bytes: 2 * MEGABYTE };

/** Whole rooms: the state of the largest public ones is about 100 MB of JSON. */
const ROOM: Partial<OutgoingLimits> = { totalMs: 600_000, headersMs: 300_000, idleMs: 30_000, bytes: 256 * MEGABYTE };

/** So many events of 64 KiB, and the escapes of both. */
const EVENTS: Partial<OutgoingLimits> = { ...USUAL, totalMs: 60_000, headersMs: 60_000, bytes: 16 * MEGABYTE };

const BY_OPERATION: Readonly<Record<string, Partial<OutgoingLimits>>> = {
  'server-server/getServerKey': { ...USUAL, totalMs: 10_000, bytes: 256 * 1024 },
  'server-server/perspectivesKeyQuery': { ...USUAL, totalMs: 15_000 },
  'server-server/bulkPerspectivesKeyQuery': { ...USUAL, totalMs: 15_000, bytes: 8 * MEGABYTE },
  'server-server/sendJoinV2': ROOM,
  'server-server/getRoomState': ROOM,
  'server-server/getRoomStateIds': { ...ROOM, bytes: 64 * MEGABYTE },
  'server-server/getEventAuth': { ...ROOM, bytes: 64 * MEGABYTE },
  // A client waits for it with each event that it sends.
  'server-server/askPolicyServerToSign': { ...USUAL, totalMs: 10_000, headersMs: 10_000, bytes: 64 * 1024 },
  'server-server/backfillRoom': EVENTS,
  'server-server/getMissingPreviousEvents': EVENTS,
  'server-server/getPublicRooms': EVENTS,
  'server-server/queryPublicRooms': EVENTS,
  'server-server/getSpaceHierarchy': EVENTS,
  'server-server/sendTransaction': { ...USUAL, totalMs: 60_000, headersMs: 60_000 },
  'server-server/getContent': { ...USUAL, totalMs: 600_000, bytes: 1024 * MEGABYTE },
  'server-server/getContentThumbnail': { ...USUAL, totalMs: 60_000, bytes: 32 * MEGABYTE },
};

/** The limits of one operation (`api/operationId`). */
export function limitsOf(operation: string): Partial<OutgoingLimits> {
  return BY_OPERATION[operation] ?? USUAL;
}
