import type { JsonObject } from '#kernel/json';
import type { Position, Reader, Row, SqlValue } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';
import { NO_PLACE, type Direction, type StoredEvent } from '../timeline.model';

interface EventRow {
  readonly nid: number;
  readonly room_nid: number;
  readonly event_id: string;
  readonly ordinal: number | null;
  readonly type: string;
  readonly state_key: string | null;
  readonly sender: string;
  readonly depth: number;
  readonly origin_server_ts: number;
  readonly snapshot_before: number;
  readonly snapshot_after: number;
  readonly current_before: number;
  readonly replaces_nid: number | null;
  readonly redacted_by_nid: number | null;
  readonly stream_writer: number;
  readonly stream_pos: number;
  readonly json: string;
}

/** A stored event before its room's id is known. */
export type RoomlessEvent = Omit<StoredEvent, 'roomId'> & { readonly size: number };

export interface OrdinalRange {
  /** Exclusive start; undefined: the end of the order that the direction comes from. */
  readonly from?: number;
  /** Exclusive end. */
  readonly to?: number;
  readonly direction: Direction;
  readonly limit: number;
}

export class EventReader {
  constructor(private readonly reader: Reader) {}

  /** Events by number, in any order. */
  async byNids(nids: readonly number[]): Promise<RoomlessEvent[]> {
    const list = inList(nids);
    const rows = await this.reader.all<EventRow>(
      `SELECT e.nid, e.room_nid, e.event_id, e.ordinal, e.type, e.state_key, e.sender, e.depth, e.origin_server_ts,
         e.snapshot_before, e.snapshot_after, e.current_before, e.replaces_nid, e.redacted_by_nid, e.stream_writer, e.stream_pos, j.json
       FROM events e JOIN event_json j ON j.event_nid = e.nid WHERE e.nid IN ${list.sql}`,
      list.params,
    );
    return rows.map(toEvent);
  }

  /** Numbers of events that have a place in their room's order, by event id; unknown ones are left out. */
  async nidsOf(eventIds: readonly string[]): Promise<Map<string, number>> {
    const list = inList(eventIds);
    const sql = `SELECT event_id, nid FROM events WHERE event_id IN ${list.sql} AND ordinal IS NOT NULL`;
    const rows = await this.reader.all<{ event_id: string; nid: number }>(sql, list.params);
    return new Map(rows.map((row) => [row.event_id, row.nid]));
  }

  /** Numbers of a room's events in a part of its order; the statement is answered from one index. */
  async nidsInRange(roomNid: number, range: OrdinalRange): Promise<number[]> {
    const { direction, from, to, limit } = range;
    const params: SqlValue[] = [roomNid];
    let where = 'room_nid = ?';
    if (from !== undefined) params.push(from);
    if (from !== undefined) where += direction === 'b' ? ' AND ordinal < ?' : ' AND ordinal > ?';
    if (to !== undefined) params.push(to);
    if (to !== undefined) where += direction === 'b' ? ' AND ordinal > ?' : ' AND ordinal < ?';
    if (from === undefined && to === undefined) where += ' AND ordinal IS NOT NULL';
    params.push(limit);
    const sql = `SELECT nid FROM events WHERE ${where} ORDER BY ordinal ${direction === 'b' ? 'DESC' : 'ASC'} LIMIT ?`;
    return (await this.reader.all<{ nid: number }>(sql, params)).map((row) => row.nid);
  }

  /** Positions of a room's newest events up to an ordinal, newest first. */
  async positionsUpTo(
    roomNid: number,
    ordinal: number,
    limit: number,
  ): Promise<{ ordinal: number; position: Position }[]> {
    const rows = await this.reader.all<{ ordinal: number; stream_writer: number; stream_pos: number }>(
      `SELECT ordinal, stream_writer, stream_pos FROM events WHERE room_nid = ? AND ordinal <= ? AND ordinal > 0
       ORDER BY ordinal DESC LIMIT ?`,
      [roomNid, ordinal, limit],
    );
    return rows.map((row) => ({
      ordinal: row.ordinal,
      position: { writer: row.stream_writer, pos: row.stream_pos },
    }));
  }

  /** The event at a place in the order. */
  async nidAt(roomNid: number, ordinal: number): Promise<number | undefined> {
    const sql = 'SELECT nid FROM events WHERE room_nid = ? AND ordinal = ?';
    return (await this.reader.get<{ nid: number }>(sql, [roomNid, ordinal]))?.nid;
  }
}

/** How an event stands besides its place: see `event.entity.ts`. */
export interface EventFlags {
  readonly rejected?: boolean;
  readonly softFailed?: boolean;
}

/** The columns of `events`. */
export function eventRow(event: StoredEvent, flags: EventFlags = {}): Row {
  return {
    nid: event.nid,
    room_nid: event.roomNid,
    event_id: event.eventId,
    ordinal: event.ordinal === NO_PLACE ? null : event.ordinal,
    type: event.type,
    state_key: event.stateKey,
    sender: event.sender,
    depth: event.depth,
    origin_server_ts: event.originServerTs,
    snapshot_before: event.snapshotBefore,
    snapshot_after: event.snapshotAfter,
    current_before: event.currentBefore,
    replaces_nid: event.replacesNid,
    redacted_by_nid: event.redactedByNid,
    rejected: flags.rejected === true ? 1 : 0,
    soft_failed: flags.softFailed === true ? 1 : 0,
    stream_writer: event.position.writer,
    stream_pos: event.position.pos,
  };
}

function toEvent(row: EventRow): RoomlessEvent {
  return {
    nid: row.nid,
    roomNid: row.room_nid,
    eventId: row.event_id,
    ordinal: row.ordinal ?? NO_PLACE,
    position: { writer: row.stream_writer, pos: row.stream_pos },
    type: row.type,
    stateKey: row.state_key,
    sender: row.sender,
    originServerTs: row.origin_server_ts,
    depth: row.depth,
    snapshotBefore: row.snapshot_before,
    snapshotAfter: row.snapshot_after,
    currentBefore: row.current_before,
    replacesNid: row.replaces_nid,
    redactedByNid: row.redacted_by_nid,
    pdu: JSON.parse(row.json) as JsonObject,
    size: row.json.length,
  };
}
