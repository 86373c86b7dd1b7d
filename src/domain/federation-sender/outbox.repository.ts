import { inList, type Reader, type Tx } from '#platform/storage/storage';

/** An event to be shared out among servers. */
export interface OutboxRow {
  readonly eventNid: number;
  readonly roomNid: number;
  readonly ordinal: number;
  readonly alsoServer: string | null;
}

/** What one server lacks of one room: our events after `from` and up to `to`. */
export interface Marker {
  readonly roomNid: number;
  readonly from: number;
  readonly to: number;
}

export class OutboxReader {
  constructor(protected readonly reader: Reader) {}

  /** The oldest events that nobody was told of. */
  async next(limit: number): Promise<OutboxRow[]> {
    const sql = 'SELECT event_nid, room_nid, ordinal, also_server FROM federation_outbox ORDER BY event_nid LIMIT ?';
    const rows = await this.reader.all<{
      event_nid: number;
      room_nid: number;
      ordinal: number;
      also_server: string | null;
    }>(sql, [limit]);
    return rows.map((row) => ({
      eventNid: row.event_nid,
      roomNid: row.room_nid,
      ordinal: row.ordinal,
      alsoServer: row.also_server,
    }));
  }

  /** Every server that lacks something. */
  async destinations(): Promise<string[]> {
    const rows = await this.reader.all<{ destination: string }>('SELECT DISTINCT destination FROM federation_queue');
    return rows.map((row) => row.destination);
  }

  async markers(destination: string, limit: number): Promise<Marker[]> {
    const sql =
      'SELECT room_nid, from_ordinal, to_ordinal FROM federation_queue WHERE destination = ? ORDER BY room_nid LIMIT ?';
    const rows = await this.reader.all<{ room_nid: number; from_ordinal: number; to_ordinal: number }>(sql, [
      destination,
      limit,
    ]);
    return rows.map((row) => ({ roomNid: row.room_nid, from: row.from_ordinal, to: row.to_ordinal }));
  }

  /** Which of some events are passed on for other servers' users. */
  async relayed(eventNids: readonly number[]): Promise<Set<number>> {
    if (eventNids.length === 0) return new Set();
    const list = inList(eventNids);
    const sql = `SELECT event_nid FROM federation_relays WHERE event_nid IN ${list.sql}`;
    return new Set((await this.reader.all<{ event_nid: number }>(sql, list.params)).map((row) => row.event_nid));
  }
}

export class OutboxWriter extends OutboxReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async add(rows: readonly OutboxRow[], relayed: readonly number[]): Promise<void> {
    const outbox = rows.map((row) => ({
      event_nid: row.eventNid,
      room_nid: row.roomNid,
      ordinal: row.ordinal,
      also_server: row.alsoServer,
    }));
    if (outbox.length > 0) await this.tx.insert('federation_outbox', outbox);
    if (relayed.length > 0)
      await this.tx.insert(
        'federation_relays',
        relayed.map((nid) => ({ event_nid: nid })),
      );
  }

  /** Notes what servers lack: where they lacked something of the room before, only the end moves. */
  async mark(markers: readonly (Marker & { readonly destination: string })[]): Promise<void> {
    const rows = markers.map(({ destination, roomNid, from, to }) => ({
      destination,
      room_nid: roomNid,
      from_ordinal: from,
      to_ordinal: to,
    }));
    if (rows.length > 0) await this.tx.upsert('federation_queue', ['destination', 'room_nid'], rows, ['to_ordinal']);
  }

  async shared(eventNids: readonly number[]): Promise<void> {
    const list = inList(eventNids);
    await this.tx.run(`DELETE FROM federation_outbox WHERE event_nid IN ${list.sql}`, list.params);
  }

  /** The server has what was up to an ordinal. More may have been added meanwhile. */
  async delivered(destination: string, roomNid: number, upTo: number): Promise<void> {
    const where = 'destination = ? AND room_nid = ?';
    const gone = await this.tx.run(`DELETE FROM federation_queue WHERE ${where} AND to_ordinal <= ?`, [
      destination,
      roomNid,
      upTo,
    ]);
    if (gone > 0) return;
    const sql = `UPDATE federation_queue SET from_ordinal = ? WHERE ${where} AND from_ordinal < ?`;
    await this.tx.run(sql, [upTo, destination, roomNid, upTo]);
  }
}
