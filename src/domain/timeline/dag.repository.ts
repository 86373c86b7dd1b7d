import type { Reader, SqlValue, Tx } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';
import type { Direction } from './timeline.model';

/** How an event stands in its room's graph, shown or not. */
export interface DagEvent {
  readonly nid: number;
  readonly roomNid: number;
  readonly eventId: string;
  /** Null for events that are not shown. */
  readonly ordinal: number | null;
  readonly depth: number;
  readonly rejected: boolean;
  readonly softFailed: boolean;
  /** {@link UNKNOWN_STATE} for outliers. */
  readonly snapshotBefore: number;
  readonly snapshotAfter: number;
}

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

export interface Gap {
  readonly eventNid: number;
  readonly missingId: string;
}

/** Events of a room that wait for what one server is asked for. */
export interface StagedLane {
  readonly roomNid: number;
  readonly origin: string;
}

export interface StagedEvent extends StagedLane {
  readonly nid: number;
  readonly eventId: string;
  readonly json: string;
  readonly tries: number;
}

interface StagedRow {
  readonly nid: number;
  readonly room_nid: number;
  readonly event_id: string;
  readonly origin: string;
  readonly json: string;
  readonly tries: number;
}

const EVENT =
  'SELECT nid, room_nid, event_id, ordinal, depth, rejected, soft_failed, snapshot_before, snapshot_after FROM events';
const STAGED = 'SELECT nid, room_nid, event_id, origin, json, tries FROM staged_events';
/** Values in one IN list. */
const AT_ONCE = 500;

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

  async gaps(roomNid: number): Promise<Gap[]> {
    const sql = 'SELECT event_nid, missing_id FROM room_gaps WHERE room_nid = ?';
    const rows = await this.reader.all<{ event_nid: number; missing_id: string }>(sql, [roomNid]);
    return rows.map((row) => ({ eventNid: row.event_nid, missingId: row.missing_id }));
  }

  /** The shown events of a room that follow a missing event, by its id. */
  async followersOf(roomNid: number, missingId: string): Promise<number[]> {
    const sql = `SELECT g.event_nid FROM room_gaps g WHERE g.missing_id = ? AND g.room_nid = ?`;
    return (await this.reader.all<{ event_nid: number }>(sql, [missingId, roomNid])).map((row) => row.event_nid);
  }

  /** The nearest places below one, and the lowest of all. */
  async placeBelow(roomNid: number, ordinal: number): Promise<number | undefined> {
    const sql = 'SELECT MAX(ordinal) AS place FROM events WHERE room_nid = ? AND ordinal < ?';
    return (await this.reader.get<{ place: number | null }>(sql, [roomNid, ordinal]))?.place ?? undefined;
  }

  async lowestPlace(roomNid: number): Promise<number> {
    const sql = 'SELECT MIN(ordinal) AS place FROM events WHERE room_nid = ?';
    return (await this.reader.get<{ place: number | null }>(sql, [roomNid]))?.place ?? 1;
  }

  /** The depth of the oldest shown event. */
  async depthOfOldest(roomNid: number): Promise<number> {
    const sql = 'SELECT depth FROM events WHERE room_nid = ? AND ordinal IS NOT NULL ORDER BY ordinal LIMIT 1';
    return (await this.reader.get<{ depth: number }>(sql, [roomNid]))?.depth ?? 0;
  }

  /** The shown event nearest to a time, in the direction. Answered from the index by time. */
  async nearestTo(roomNid: number, ts: number, direction: Direction): Promise<number | undefined> {
    const [compare, order] = direction === 'b' ? ['<=', 'DESC'] : ['>=', 'ASC'];
    const sql = `SELECT nid FROM events WHERE room_nid = ? AND origin_server_ts ${compare} ? AND ordinal IS NOT NULL
      ORDER BY origin_server_ts ${order}, ordinal ${order} LIMIT 1`;
    return (await this.reader.get<{ nid: number }>(sql, [roomNid, ts]))?.nid;
  }

  earlyRedactions(targetIds: readonly string[]): Promise<{ targetId: string; eventNid: number }[]> {
    return this.inChunks(targetIds, async (list) => {
      const sql = `SELECT target_id, event_nid FROM early_redactions WHERE target_id IN ${list.sql}`;
      const rows = await this.reader.all<{ target_id: string; event_nid: number }>(sql, list.params);
      return rows.map((row) => ({ targetId: row.target_id, eventNid: row.event_nid }));
    });
  }

  /** Events of a room that wait for what a server is asked for, oldest first. */
  async staged({ roomNid, origin }: StagedLane, limit: number): Promise<StagedEvent[]> {
    const sql = `${STAGED} WHERE room_nid = ? AND origin = ? ORDER BY nid LIMIT ?`;
    const rows = await this.reader.all<StagedRow>(sql, [roomNid, origin, limit]);
    return rows.map((row) => ({
      nid: row.nid,
      roomNid: row.room_nid,
      eventId: row.event_id,
      origin: row.origin,
      json: row.json,
      tries: row.tries,
    }));
  }

  async stagedCount({ roomNid, origin }: StagedLane): Promise<number> {
    const sql = 'SELECT COUNT(*) AS n FROM staged_events WHERE room_nid = ? AND origin = ?';
    return (await this.reader.get<{ n: number }>(sql, [roomNid, origin]))?.n ?? 0;
  }

  async stagedLanes(): Promise<StagedLane[]> {
    const sql = 'SELECT DISTINCT room_nid, origin FROM staged_events';
    const rows = await this.reader.all<{ room_nid: number; origin: string }>(sql);
    return rows.map(({ room_nid: roomNid, origin }) => ({ roomNid, origin }));
  }

  async partialRooms(): Promise<{ room_nid: number; event_id: string; servers: string }[]> {
    return this.reader.all('SELECT room_nid, event_id, servers FROM partial_rooms');
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

export class DagWriter extends DagReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async addAuthEdges(edges: readonly { event_nid: number; auth_nid: number }[]): Promise<void> {
    if (edges.length > 0) await this.tx.insert('event_auth', edges);
  }

  /** Two hidden events may lead from the same shown one to the same gap. */
  async addGaps(roomNid: number, gaps: readonly Gap[]): Promise<void> {
    for (const { eventNid, missingId } of gaps) {
      const row = { room_nid: roomNid, event_nid: eventNid, missing_id: missingId };
      await this.tx.insertIgnore('room_gaps', ['room_nid', 'event_nid', 'missing_id'], row);
    }
  }

  /** An event that was missing is there: its followers follow it. */
  async closeGap(roomNid: number, missingId: string, eventNid: number): Promise<void> {
    const followers = await this.followersOf(roomNid, missingId);
    if (followers.length === 0) return;
    await this.tx.insert(
      'event_edges',
      followers.map((follower) => ({ event_nid: follower, prev_nid: eventNid })),
    );
    await this.tx.run('DELETE FROM room_gaps WHERE missing_id = ? AND room_nid = ?', [missingId, roomNid]);
  }

  /** False when it waits already. */
  stage(event: Omit<StagedEvent, 'nid' | 'tries'>, receivedTs: number): Promise<boolean> {
    return this.tx.insertIgnore('staged_events', ['event_id'], {
      nid: this.tx.id('row'),
      room_nid: event.roomNid,
      event_id: event.eventId,
      origin: event.origin,
      json: event.json,
      tries: 0,
      received_ts: receivedTs,
    });
  }

  async unstage(eventIds: readonly string[]): Promise<void> {
    const list = inList(eventIds);
    await this.tx.run(`DELETE FROM staged_events WHERE event_id IN ${list.sql}`, list.params);
  }

  async tried(nid: number): Promise<void> {
    await this.tx.run('UPDATE staged_events SET tries = tries + 1 WHERE nid = ?', [nid]);
  }

  async setPartial(roomNid: number, eventId: string, servers: readonly string[]): Promise<void> {
    const row = { room_nid: roomNid, event_id: eventId, servers: JSON.stringify(servers) };
    await this.tx.upsert('partial_rooms', ['room_nid'], row);
  }

  async setWhole(roomNid: number): Promise<void> {
    await this.tx.run('DELETE FROM partial_rooms WHERE room_nid = ?', [roomNid]);
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
