import { utf8Length } from '#kernel/ids';
import type { Requester } from '#kernel/requester';
import type { RoomInfo } from '../room-state';
import {
  DuplicateAnnotationError,
  type AppendedEvent,
  type AppendParticipant,
  type DraftRule,
  type EventDraft,
  type StoredEvent,
  type Withdrawal,
} from '../timeline';
import type { Reader, Tx } from '#platform/storage/storage';
import { ownObject, ownString } from '#protocol/json-access';
import type { Relation, ThreadSummary } from './relations.model';
import { RelationsReader, RelationsWriter, type EditTarget } from './relations.repository';

/** The bundled relations of a page of events, as event numbers, by the id of the event that they point at. */
export interface Aggregations {
  readonly edits: ReadonlyMap<string, number>;
  readonly threads: ReadonlyMap<string, ThreadSummary>;
  readonly references: ReadonlyMap<string, readonly number[]>;
}

const NONE: Aggregations = { edits: new Map(), threads: new Map(), references: new Map() };
const MAX_ID_BYTES = 255;

/**
 * Which events point at which: edits, threads, references, annotations. Kept in the transaction of the event itself.
 * Spec: client-server, "Forming relationships between events".
 */
export class Relations implements AppendParticipant, DraftRule {
  private readonly reader: RelationsReader;

  constructor(reader: Reader) {
    this.reader = new RelationsReader(reader);
  }

  /** Writes the relations of appended events; costs nothing for events that have none. */
  async eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void> {
    const redacted = appended.flatMap(({ redactedNid }) => redactedNid ?? []);
    const pointers = appended.flatMap(({ event }) => relationOf(event) ?? []);
    if (pointers.length === 0 && redacted.length === 0) return;
    const writer = new RelationsWriter(tx);
    if (pointers.length > 0) await writer.insert(await withThreads(writer, pointers));
    if (redacted.length > 0) await writer.redact(redacted);
  }

  /** Forgets the relations of events that are taken out of their room. */
  async eventsWithdrawn(tx: Tx, { events, restored }: Withdrawal): Promise<void> {
    const writer = new RelationsWriter(tx);
    await writer.remove(events.map((event) => event.nid));
    await writer.restore(restored.map((event) => event.nid));
  }

  /** @throws DuplicateAnnotationError for a second reaction of the same kind and key by one user */
  async checkDraft(requester: Requester, room: RoomInfo, { type, stateKey, content }: EventDraft): Promise<void> {
    if (stateKey !== undefined) return;
    const relates = ownObject(content, 'm.relates_to');
    if (ownString(relates, 'rel_type') !== 'm.annotation') return;
    const [parentId, key] = [ownString(relates, 'event_id'), ownString(relates, 'key')];
    if (parentId === undefined || key === undefined) return;
    if (await this.reader.isAnnotated(room.nid, parentId, requester.userId, type, key)) {
      throw new DuplicateAnnotationError();
    }
  }

  /**
   * What is to be bundled with a page of one room's events; four statements at most.
   * @param ignored users whose events do not count in threads
   */
  async aggregate(
    roomNid: number,
    targets: readonly EditTarget[],
    userId: string,
    ignored: readonly string[],
  ): Promise<Aggregations> {
    if (targets.length === 0) return NONE;
    const kinds = await this.reader.kindsOf(
      roomNid,
      targets.map((target) => target.eventId),
    );
    if (kinds.size === 0) return NONE;
    const having = (kind: string) => targets.filter((target) => kinds.get(target.eventId)?.has(kind) === true);
    const [edited, roots, referred] = [having('m.replace'), having('m.thread'), having('m.reference')];
    const ids = (some: readonly EditTarget[]) => some.map((target) => target.eventId);
    const [edits, threads, references] = await Promise.all([
      edited.length === 0 ? NONE.edits : this.reader.latestEdits(roomNid, edited),
      roots.length === 0 ? NONE.threads : this.reader.threads(roomNid, ids(roots), userId, ignored),
      referred.length === 0 ? NONE.references : this.reader.references(roomNid, ids(referred)),
    ]);
    return { edits, threads, references };
  }

  /** The threads that events are in, by event number; absent: the main timeline. At most one statement. */
  threadsOf(events: readonly StoredEvent[]): Promise<Map<number, string>> {
    return this.reader.threadsOf(events.filter(hasRelation).map((event) => event.nid));
  }

  /** The thread an event is in, or undefined for the main timeline (thread roots too). */
  async threadOf(event: StoredEvent): Promise<string | undefined> {
    return (await this.threadsOf([event])).get(event.nid);
  }
}

const hasRelation = (event: StoredEvent): boolean => relationOf(event) !== undefined;

/** What an event's `m.relates_to` says; undefined when it is missing or malformed. State events do not relate. */
function relationOf(event: StoredEvent): Relation | undefined {
  if (event.stateKey !== null) return undefined;
  const content = ownObject(event.pdu, 'content');
  const relates = ownObject(content, 'm.relates_to');
  const relType = ownString(relates, 'rel_type');
  const parentId = ownString(relates, 'event_id');
  if (relType === undefined || parentId === undefined) return undefined;
  if (utf8Length(relType) > MAX_ID_BYTES || utf8Length(parentId) > MAX_ID_BYTES) return undefined;
  const { nid, eventId, roomNid, ordinal, type, sender, originServerTs } = event;
  // The new content of an encrypted edit is inside the cipher text.
  const isEdit = type === 'm.room.encrypted' || ownObject(content, 'm.new_content') !== undefined;
  return {
    ...{ eventNid: nid, eventId, roomNid, ordinal, relType, parentId, type, sender, originServerTs, isEdit },
    annotationKey: relType === 'm.annotation' ? (ownString(relates, 'key') ?? null) : null,
    threadId: relType === 'm.thread' ? parentId : null,
    isRedacted: event.redactedByNid !== null,
  };
}

/** An event that relates to one in a thread is in that thread too; the rows of parents know it already. */
async function withThreads(reader: RelationsReader, relations: readonly Relation[]): Promise<Relation[]> {
  const open = relations.filter((relation) => relation.threadId === null);
  if (open.length === 0) return [...relations];
  const rooms = [...new Set(open.map((relation) => relation.roomNid))];
  const threads = await reader.threadsOfParents(rooms, [...new Set(open.map((relation) => relation.parentId))]);
  return relations.map((relation) => {
    const threadId = relation.threadId ?? threads.get(`${relation.roomNid} ${relation.parentId}`) ?? null;
    // A later event of the same transaction may point at this one.
    if (threadId !== null) threads.set(`${relation.roomNid} ${relation.eventId}`, threadId);
    return { ...relation, threadId };
  });
}
