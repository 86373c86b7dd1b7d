import { inList, type Reader, type SqlValue, type Tx } from '#platform/storage/storage';
import type { Relation, ThreadSummary } from './relations.model';

/** An event that edits may belong to: only those of its own sender and type count. */
export interface EditTarget {
  readonly eventId: string;
  readonly sender: string;
  readonly type: string;
}

/** At most so many referring events are listed with their target. */
const MAX_REFERENCES = 100;
/** Rows changed by one statement. */
const AT_ONCE = 500;
const OF_PARENTS = 'FROM event_relations WHERE room_nid = ? AND redacted = 0';

export class RelationsReader {
  constructor(protected readonly reader: Reader) {}

  /** Which kinds of bundled relations point at each of the events. */
  async kindsOf(roomNid: number, parentIds: readonly string[]): Promise<Map<string, Set<string>>> {
    const list = inList(parentIds);
    const rows = await this.reader.all<{ parent_id: string; rel_type: string }>(
      `SELECT DISTINCT parent_id, rel_type ${OF_PARENTS} AND parent_id IN ${list.sql}
       AND rel_type IN ('m.replace', 'm.thread', 'm.reference')`,
      [roomNid, ...list.params],
    );
    const kinds = new Map<string, Set<string>>();
    for (const row of rows) kinds.set(row.parent_id, (kinds.get(row.parent_id) ?? new Set()).add(row.rel_type));
    return kinds;
  }

  /** The newest edit by its target's own sender, by target. Newest: by time, then by event id. */
  async latestEdits(roomNid: number, targets: readonly EditTarget[]): Promise<Map<string, number>> {
    const parents = inList(targets.map((target) => target.eventId));
    const senders = inList([...new Set(targets.map((target) => target.sender))]);
    const rows = await this.reader.all<{ parent_id: string; sender: string; type: string; event_nid: number }>(
      `SELECT parent_id, sender, type, event_nid FROM (
         SELECT parent_id, sender, type, event_nid, ROW_NUMBER() OVER
           (PARTITION BY parent_id, sender, type ORDER BY origin_server_ts DESC, event_id DESC) AS place
         ${OF_PARENTS} AND parent_id IN ${parents.sql} AND rel_type = 'm.replace' AND is_edit = 1
         AND sender IN ${senders.sql}) ranked WHERE place = 1`,
      [roomNid, ...parents.params, ...senders.params],
    );
    const wanted = new Map(targets.map((target) => [target.eventId, target]));
    const edits = new Map<string, number>();
    for (const row of rows) {
      const target = wanted.get(row.parent_id);
      if (target?.sender === row.sender && target.type === row.type) edits.set(row.parent_id, row.event_nid);
    }
    return edits;
  }

  /** Latest event, length and the reader's part of threads, by root. Events of ignored users do not count. */
  async threads(
    roomNid: number,
    rootIds: readonly string[],
    userId: string,
    ignored: readonly string[],
  ): Promise<Map<string, ThreadSummary>> {
    const roots = inList(rootIds);
    const others = inList(ignored);
    const unlessIgnored = ignored.length === 0 ? '' : `AND sender NOT IN ${others.sql}`;
    const rows = await this.reader.all<{ parent_id: string; event_nid: number; total: number; mine: number }>(
      `SELECT parent_id, event_nid, total, mine FROM (
         SELECT parent_id, event_nid, COUNT(*) OVER (PARTITION BY parent_id) AS total,
           SUM(CASE WHEN sender = ? THEN 1 ELSE 0 END) OVER (PARTITION BY parent_id) AS mine,
           ROW_NUMBER() OVER (PARTITION BY parent_id ORDER BY ordinal DESC) AS place
         ${OF_PARENTS} AND parent_id IN ${roots.sql} AND rel_type = 'm.thread' ${unlessIgnored}) ranked
       WHERE place = 1`,
      [userId, roomNid, ...roots.params, ...(ignored.length === 0 ? [] : others.params)],
    );
    return new Map(
      rows.map((row) => [row.parent_id, { latestNid: row.event_nid, count: row.total, participated: row.mine > 0 }]),
    );
  }

  /** The events that refer to each of some others, oldest first, the first hundred. */
  async references(roomNid: number, parentIds: readonly string[]): Promise<Map<string, number[]>> {
    const parents = inList(parentIds);
    const rows = await this.reader.all<{ parent_id: string; event_nid: number }>(
      `SELECT parent_id, event_nid FROM (
         SELECT parent_id, event_nid, ROW_NUMBER() OVER (PARTITION BY parent_id ORDER BY ordinal) AS place
         ${OF_PARENTS} AND parent_id IN ${parents.sql} AND rel_type = 'm.reference') ranked
       WHERE place <= ? ORDER BY parent_id, place`,
      [roomNid, ...parents.params, MAX_REFERENCES],
    );
    const references = new Map<string, number[]>();
    for (const row of rows) references.set(row.parent_id, [...(references.get(row.parent_id) ?? []), row.event_nid]);
    return references;
  }

  /** Whether a sender has annotated an event with this key, by an event of this type. */
  async isAnnotated(roomNid: number, parentId: string, sender: string, type: string, key: string): Promise<boolean> {
    const row = await this.reader.get<{ event_nid: number }>(
      `SELECT event_nid ${OF_PARENTS} AND parent_id = ? AND rel_type = 'm.annotation' AND sender = ? AND type = ?
       AND annotation_key = ? LIMIT 1`,
      [roomNid, parentId, sender, type, key],
    );
    return row !== undefined;
  }

  /** The threads that events are in; those of the main timeline are absent. */
  async threadsOf(eventNids: readonly number[]): Promise<Map<number, string>> {
    if (eventNids.length === 0) return new Map();
    const list = inList(eventNids);
    const rows = await this.reader.all<{ event_nid: number; thread_id: string }>(
      `SELECT event_nid, thread_id FROM event_relations WHERE event_nid IN ${list.sql} AND thread_id IS NOT NULL`,
      list.params,
    );
    return new Map(rows.map((row) => [row.event_nid, row.thread_id]));
  }

  /** The threads of some events of one room by event id, for those that come to relate to them. */
  async threadsOfParents(roomNids: readonly number[], eventIds: readonly string[]): Promise<Map<string, string>> {
    const list = inList(eventIds);
    const rooms = inList(roomNids);
    const rows = await this.reader.all<{ event_id: string; room_nid: number; thread_id: string }>(
      `SELECT event_id, room_nid, thread_id FROM event_relations
       WHERE event_id IN ${list.sql} AND room_nid IN ${rooms.sql} AND thread_id IS NOT NULL`,
      [...list.params, ...rooms.params],
    );
    return new Map(rows.map((row) => [`${row.room_nid} ${row.event_id}`, row.thread_id]));
  }
}

export class RelationsWriter extends RelationsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  insert(relations: readonly Relation[]): Promise<void> {
    return this.tx.insert('event_relations', relations.map(toRow));
  }

  /** Puts the relations of redacted events out of force. */
  redact(eventNids: readonly number[]): Promise<void> {
    return this.ofEach('UPDATE event_relations SET redacted = 1', eventNids);
  }

  /** Puts the relations of events into force again whose redaction does not count any more. */
  restore(eventNids: readonly number[]): Promise<void> {
    return this.ofEach('UPDATE event_relations SET redacted = 0', eventNids);
  }

  remove(eventNids: readonly number[]): Promise<void> {
    return this.ofEach('DELETE FROM event_relations', eventNids);
  }

  private async ofEach(change: string, eventNids: readonly number[]): Promise<void> {
    for (let i = 0; i < eventNids.length; i += AT_ONCE) {
      const list = inList(eventNids.slice(i, i + AT_ONCE));
      await this.tx.run(`${change} WHERE event_nid IN ${list.sql}`, list.params);
    }
  }
}

const toRow = (relation: Relation): Record<string, SqlValue> => ({
  event_nid: relation.eventNid,
  event_id: relation.eventId,
  room_nid: relation.roomNid,
  ordinal: relation.ordinal,
  rel_type: relation.relType,
  parent_id: relation.parentId,
  type: relation.type,
  sender: relation.sender,
  origin_server_ts: relation.originServerTs,
  annotation_key: relation.annotationKey,
  is_edit: relation.isEdit ? 1 : 0,
  thread_id: relation.threadId,
  redacted: relation.isRedacted ? 1 : 0,
});
