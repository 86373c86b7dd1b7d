import { inList, type Reader, type SqlValue, type Tx } from '#platform/storage/storage';
import type { DagEvent } from './dag.model';
import type { TimeQuery } from '../timeline.model';

interface DagRow {
  readonly nid: number;
  readonly room_nid: number;
  readonly event_id: string;
  readonly ordinal: number | null;
  readonly depth: number;
  readonly rejected: number;
  readonly soft_failed: number;
  readonly snapshot_before: number;
  readonly snapshot_after: number;
}

const EVENT =
  'SELECT nid, room_nid, event_id, ordinal, depth, rejected, soft_failed, snapshot_before, snapshot_after FROM events';
/** Values in one IN list. */
const AT_ONCE = 500;

/** Reads rooms' graphs. */
export class DagReader {
  constructor(protected readonly reader: Reader) {}

  /** Events by id, outliers, rejected and soft-failed ones too. */
  byIds(eventIds: readonly string[]): Promise<DagEvent[]> {
    return this.inChunks(eventIds, (list) => this.events(`event_id IN ${list.sql}`, list.params));
  }

  byNids(nids: readonly number[]): Promise<DagEvent[]> {
    return this.inChunks(nids, (list) => this.events(`nid IN ${list.sql}`, list.params));
  }

  async idsOf(nids: readonly number[]): Promise<string[]> {
    const rows = await this.inChunks<number, { event_id: string }>(nids, (list) =>
      this.reader.all(`SELECT event_id FROM events WHERE nid IN ${list.sql}`, list.params),
    );
    return rows.map((row) => row.event_id);
  }

  /** Pairs of event and one that authorises it. */
  authEdges(nids: readonly number[]): Promise<{ event_nid: number; auth_nid: number }[]> {
    return this.inChunks(nids, (list) =>
      this.reader.all(`SELECT event_nid, auth_nid FROM event_auth WHERE event_nid IN ${list.sql}`, list.params),
    );
  }

  /** Pairs of event and one that it follows. */
  prevEdges(nids: readonly number[]): Promise<{ event_nid: number; prev_nid: number }[]> {
    return this.inChunks(nids, (list) =>
      this.reader.all(`SELECT event_nid, prev_nid FROM event_edges WHERE event_nid IN ${list.sql}`, list.params),
    );
  }

  /** The nearest place below one. */
  async placeBelow(roomNid: number, ordinal: number): Promise<number | undefined> {
    const sql = 'SELECT MAX(ordinal) AS place FROM events WHERE room_nid = ? AND ordinal < ?';
    return (await this.reader.get<{ place: number | null }>(sql, [roomNid, ordinal]))?.place ?? undefined;
  }

  /** The lowest place of all. */
  async lowestPlace(roomNid: number): Promise<number> {
    const sql = 'SELECT MIN(ordinal) AS place FROM events WHERE room_nid = ?';
    return (await this.reader.get<{ place: number | null }>(sql, [roomNid]))?.place ?? 1;
  }

  /** The depth of the oldest shown event. */
  async depthOfOldest(roomNid: number): Promise<number> {
    const sql = 'SELECT depth FROM events WHERE room_nid = ? AND ordinal IS NOT NULL ORDER BY ordinal LIMIT 1';
    return (await this.reader.get<{ depth: number }>(sql, [roomNid]))?.depth ?? 0;
  }

  /** Shown events in the direction from a time, the nearest first. Answered from the index by time. */
  async nearestTo(
    roomNid: number,
    { ts, direction }: TimeQuery,
    { limit, offset = 0 }: { readonly limit: number; readonly offset?: number },
  ): Promise<number[]> {
    const [compare, order] = direction === 'b' ? ['<=', 'DESC'] : ['>=', 'ASC'];
    const sql = `SELECT nid FROM events WHERE room_nid = ? AND origin_server_ts ${compare} ? AND ordinal IS NOT NULL
      ORDER BY origin_server_ts ${order}, ordinal ${order} LIMIT ? OFFSET ?`;
    return (await this.reader.all<{ nid: number }>(sql, [roomNid, ts, limit, offset])).map((row) => row.nid);
  }

  earlyRedactions(targetIds: readonly string[]): Promise<{ targetId: string; eventNid: number }[]> {
    return this.inChunks(targetIds, async (list) => {
      const sql = `SELECT target_id, event_nid FROM early_redactions WHERE target_id IN ${list.sql}`;
      const rows = await this.reader.all<{ target_id: string; event_nid: number }>(sql, list.params);
      return rows.map((row) => ({ targetId: row.target_id, eventNid: row.event_nid }));
    });
  }

  private async events(where: string, params: readonly SqlValue[]): Promise<DagEvent[]> {
    return (await this.reader.all<DagRow>(`${EVENT} WHERE ${where}`, params)).map(toDagEvent);
  }

  private async inChunks<V extends string | number, R>(
    values: readonly V[],
    read: (list: ReturnType<typeof inList>) => Promise<R[]>,
  ): Promise<R[]> {
    const found: R[] = [];
    for (let i = 0; i < values.length; i += AT_ONCE) found.push(...(await read(inList(values.slice(i, i + AT_ONCE)))));
    return found;
  }
}

/** Writes what belongs to the graph beside its events. */
export class DagWriter extends DagReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async addAuthEdges(edges: readonly { event_nid: number; auth_nid: number }[]): Promise<void> {
    if (edges.length > 0) await this.tx.insert('event_auth', edges);
  }

  /** Notes the target of a redaction that came before it. */
  async addEarlyRedaction(targetId: string, eventNid: number): Promise<void> {
    const row = { target_id: targetId, event_nid: eventNid };
    await this.tx.insertIgnore('early_redactions', ['target_id', 'event_nid'], row);
  }
}

function toDagEvent(row: DagRow): DagEvent {
  return {
    nid: row.nid,
    roomNid: row.room_nid,
    eventId: row.event_id,
    ordinal: row.ordinal,
    depth: row.depth,
    rejected: row.rejected === 1,
    softFailed: row.soft_failed === 1,
    snapshotBefore: row.snapshot_before,
    snapshotAfter: row.snapshot_after,
  };
}
