import { isValidRoomAlias, utf8Length } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import type { Tx } from '#platform/storage/storage';
import { isCreateEvent, membershipOf, redactContent, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import { RoomStateWriter, type RoomInfo } from '../room-state';
import type { AppendedEvent, AppendParticipant, ResolvedChange, StoredEvent } from '../timeline';
import { DirectoryEntriesWriter, type EntryColumns } from './directory-entries.repository';

/** Longer names and topics are cut in lists; the room itself has them whole. */
const MAX_NAME = 1_000;
const MAX_TOPIC = 4_000;
const MAX_ID_BYTES = 255;

type ReadColumns = (content: JsonObject) => Partial<EntryColumns>;

/** What each type of state, under the empty state key, says in the directory. */
const COLUMNS: ReadonlyMap<string, ReadColumns> = new Map<string, ReadColumns>([
  ['m.room.name', (content) => ({ name: cut(ownString(content, 'name'), MAX_NAME) })],
  ['m.room.topic', (content) => ({ topic: cut(ownString(content, 'topic'), MAX_TOPIC) })],
  ['m.room.avatar', (content) => ({ avatar_url: cut(ownString(content, 'url'), MAX_NAME) })],
  ['m.room.canonical_alias', (content) => ({ canonical_alias: alias(ownString(content, 'alias')) })],
  ['m.room.join_rules', (content) => ({ join_rule: word(ownString(content, 'join_rule')) })],
  [
    'm.room.history_visibility',
    (content) => ({ world_readable: ownString(content, 'history_visibility') === 'world_readable' ? 1 : 0 }),
  ],
  ['m.room.guest_access', (content) => ({ guest_can_join: ownString(content, 'guest_access') === 'can_join' ? 1 : 0 })],
]);

interface RoomChange {
  created?: StoredEvent;
  columns: Partial<EntryColumns>;
  moreJoined: number;
}

/**
 * Keeps the directory's row of each room in step with the room's state, in the events' own transactions: one statement for
 * a room whose members or listed state changed, none for messages.
 */
export class DirectoryEntries implements AppendParticipant {
  async eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void> {
    const changes = new Map<number, RoomChange>();
    for (const one of appended) {
      if (one.isCurrentState) noteState(changeOf(changes, one.event.roomNid), one);
      if (one.redactedNid !== undefined) await noteRedaction(tx, changes, one.event.roomNid, one.redactedNid);
    }
    await write(tx, changes);
  }

  /** What state resolution, or a whole room from elsewhere, makes of a room's entry. */
  async stateChanged(tx: Tx, resolved: readonly ResolvedChange[]): Promise<void> {
    const changes = new Map<number, RoomChange>();
    for (const { room, type, stateKey, event, replaced } of resolved) {
      const change = changeOf(changes, room.nid);
      if (type === 'm.room.member') change.moreJoined += Number(isJoin(event)) - Number(isJoin(replaced));
      if (stateKey !== '') continue;
      if (type === 'm.room.create' && replaced === undefined) change.created = event;
      Object.assign(change.columns, COLUMNS.get(type)?.((event?.pdu as Pdu | undefined)?.content ?? {}));
    }
    await write(tx, changes);
  }
}

async function write(tx: Tx, changes: ReadonlyMap<number, RoomChange>): Promise<void> {
  const writer = new DirectoryEntriesWriter(tx);
  for (const [roomNid, { created, columns, moreJoined }] of changes) {
    if (created !== undefined) await writer.add(newRoom(created));
    if (moreJoined !== 0 || Object.keys(columns).length > 0) await writer.update(roomNid, columns, moreJoined);
  }
}

function noteState(change: RoomChange, { event, replaced }: AppendedEvent): void {
  if (event.type === 'm.room.member') change.moreJoined += Number(isJoin(event)) - Number(isJoin(replaced));
  if (event.stateKey !== '') return;
  if (isCreateEvent(event.pdu as Pdu)) change.created = event;
  Object.assign(change.columns, COLUMNS.get(event.type)?.((event.pdu as Pdu).content));
}

/** A redacted name, topic and so on is gone from lists too. Redactions are rare enough for two small reads. */
async function noteRedaction(
  tx: Tx,
  changes: Map<number, RoomChange>,
  roomNid: number,
  redactedNid: number,
): Promise<void> {
  const state = new RoomStateWriter(tx);
  const current = await state.currentOfRooms([roomNid], [...COLUMNS.keys()]);
  const hit = current.find((entry) => entry.eventNid === redactedNid && entry.stateKey === '');
  const read = hit && COLUMNS.get(hit.type);
  if (hit === undefined || read === undefined) return;
  const json = await tx.get<{ json: string }>('SELECT json FROM event_json WHERE event_nid = ?', [redactedNid]);
  const [room] = await state.roomsByNid([roomNid]);
  if (json === undefined || room === undefined) return;
  const { content } = JSON.parse(json.json) as Pdu;
  Object.assign(changeOf(changes, roomNid).columns, read(redactContent(roomVersion(room.version), hit.type, content)));
}

function changeOf(changes: Map<number, RoomChange>, roomNid: number): RoomChange {
  const change = changes.get(roomNid) ?? { columns: {}, moreJoined: 0 };
  changes.set(roomNid, change);
  return change;
}

function newRoom({ roomNid, roomId, pdu }: StoredEvent): Pick<RoomInfo, 'nid' | 'roomId' | 'roomType'> {
  return { nid: roomNid, roomId, roomType: word(ownString((pdu as Pdu).content, 'type')) };
}

const isJoin = (event: StoredEvent | undefined): boolean =>
  event !== undefined && membershipOf(event.pdu as Pdu) === 'join';

/** Cuts a text without leaving half a character. */
function cut(text: string | undefined, length: number): string | null {
  if (text === undefined || text === '') return null;
  return text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

const word = (text: string | undefined): string | null =>
  text === undefined || utf8Length(text) > MAX_ID_BYTES ? null : text;

const alias = (text: string | undefined): string | null => (text !== undefined && isValidRoomAlias(text) ? text : null);
