import { inList, type Reader, type Tx } from '#platform/storage/storage';
import type { Marker } from './backlog.model';
import type { Reach } from './unanswered.model';

/** An event to be shared out among servers. */
export interface OutboxRow {
  readonly eventNid: number;
  readonly roomNid: number;
  readonly ordinal: number;
  /** A server that hears of it though it may not be in the room. */
  readonly alsoServer: string | null;
}

/** What one server lacks of one room. */
export interface QueueRow extends Marker {
  readonly destination: string;
}

/** Values in one IN list. */
const AT_ONCE = 500;

export class OutboxReader {
  constructor(protected readonly reader: Reader) {}

  /** Events that were perhaps not shared out, oldest first, a page of them. */
  async events(after: number, limit: number): Promise<OutboxRow[]> {
    const sql = `SELECT event_nid, room_nid, ordinal, also_server FROM federation_outbox WHERE event_nid > ?
      ORDER BY event_nid LIMIT ?`;
    const rows = await this.reader.all<{
      event_nid: number;
      room_nid: number;
      ordinal: number;
      also_server: string | null;
    }>(sql, [after, limit]);
    return rows.map((row) => ({
      eventNid: row.event_nid,
      roomNid: row.room_nid,
      ordinal: row.ordinal,
      alsoServer: row.also_server,
    }));
  }

  /** What a server lacks, by room, of the rooms numbered above `after` and up to `upTo`. */
  async markers(
    destination: string,
    { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
  ): Promise<Marker[]> {
    const sql = `SELECT room_nid, from_ordinal, to_ordinal FROM federation_queue
      WHERE destination = ? AND room_nid > ? AND room_nid <= ? ORDER BY room_nid LIMIT ?`;
    const rows = await this.reader.all<{ room_nid: number; from_ordinal: number; to_ordinal: number }>(sql, [
      destination,
      after,
      upTo,
      limit,
    ]);
    return rows.map((row) => ({ roomNid: row.room_nid, from: row.from_ordinal, to: row.to_ordinal }));
  }

  /** Which of some events are passed on for other servers' users. */
  async relayed(eventNids: readonly number[]): Promise<Set<number>> {
    const list = inList(eventNids);
    const sql = `SELECT event_nid FROM federation_relays WHERE event_nid IN ${list.sql}`;
    return new Set((await this.reader.all<{ event_nid: number }>(sql, list.params)).map((row) => row.event_nid));
  }
}

export class OutboxWriter extends OutboxReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** @param relayed numbers of events that are passed on for other servers' users, from `now` on */
  async add(rows: readonly OutboxRow[], relayed: readonly number[], now: number): Promise<void> {
    const outbox = rows.map((row) => ({
      event_nid: row.eventNid,
      room_nid: row.roomNid,
      ordinal: row.ordinal,
      also_server: row.alsoServer,
    }));
    if (outbox.length > 0) await this.tx.insert('federation_outbox', outbox);
    const relays = relayed.map((nid) => ({ event_nid: nid, relayed_ts: now }));
    if (relays.length > 0) await this.tx.insert('federation_relays', relays);
  }

  async forgetRelaysBefore(relayedTs: number): Promise<void> {
    await this.tx.run('DELETE FROM federation_relays WHERE relayed_ts < ?', [relayedTs]);
  }

  /** Takes events out that every server has, or has a row for. */
  async remove(eventNids: readonly number[]): Promise<void> {
    for (let i = 0; i < eventNids.length; i += AT_ONCE) {
      const list = inList(eventNids.slice(i, i + AT_ONCE));
      await this.tx.run(`DELETE FROM federation_outbox WHERE event_nid IN ${list.sql}`, list.params);
    }
  }

  /** Notes what servers lack. Where there is a row nobody knew of, it began earlier, and only its end moves. */
  async mark(rows: readonly QueueRow[]): Promise<void> {
    const queue = rows.map(({ destination, roomNid, from, to }) => ({
      destination,
      room_nid: roomNid,
      from_ordinal: from,
      to_ordinal: to,
    }));
    if (queue.length > 0) await this.tx.upsert('federation_queue', ['destination', 'room_nid'], queue, ['to_ordinal']);
  }

  /** Moves a row that is there. */
  async move({ destination, roomNid, from, to }: QueueRow): Promise<void> {
    const sql = 'UPDATE federation_queue SET from_ordinal = ?, to_ordinal = ? WHERE destination = ? AND room_nid = ?';
    await this.tx.run(sql, [from, to, destination, roomNid]);
  }

  /** The server has the events of some rooms up to an ordinal. Its rows stay: they may stand for newer events. */
  async advance(destination: string, reaches: readonly Reach[]): Promise<void> {
    const sql = `UPDATE federation_queue SET from_ordinal = ?
      WHERE destination = ? AND room_nid = ? AND from_ordinal < ?`;
    for (const { roomNid, upTo } of reaches) await this.tx.run(sql, [upTo, destination, roomNid, upTo]);
  }

  /** The server lacks nothing more of some rooms. */
  async unmark(destination: string, roomNids: readonly number[]): Promise<void> {
    const list = inList(roomNids);
    const sql = `DELETE FROM federation_queue WHERE destination = ? AND room_nid IN ${list.sql}`;
    await this.tx.run(sql, [destination, ...list.params]);
  }
}
