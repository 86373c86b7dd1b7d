import { inList, type Reader, type Tx } from '#platform/storage/storage';

const TABLE = 'federation_copies';

/** An event that one server is to get besides what this server sends out to all. */
export interface Copy {
  readonly destination: string;
  readonly eventNid: number;
  readonly roomNid: number;
}

export class CopiesReader {
  constructor(protected readonly reader: Reader) {}

  /** The oldest copies for a server. */
  async of(destination: string, limit: number): Promise<Copy[]> {
    const sql = `SELECT event_nid, room_nid FROM ${TABLE} WHERE destination = ? ORDER BY event_nid LIMIT ?`;
    const rows = await this.reader.all<{ event_nid: number; room_nid: number }>(sql, [destination, limit]);
    return rows.map((row) => ({ destination, eventNid: row.event_nid, roomNid: row.room_nid }));
  }
}

export class CopiesWriter extends CopiesReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async add(copies: readonly Copy[], now: number): Promise<void> {
    const rows = copies.map(({ destination, eventNid, roomNid }) => ({
      destination,
      event_nid: eventNid,
      room_nid: roomNid,
      copied_ts: now,
    }));
    // Who leaves and comes again at once may lack what it lacked before.
    await this.tx.upsert(TABLE, ['destination', 'event_nid'], rows, ['copied_ts']);
  }

  async remove(destination: string, eventNids: readonly number[]): Promise<void> {
    if (eventNids.length === 0) return;
    const list = inList(eventNids);
    const sql = `DELETE FROM ${TABLE} WHERE destination = ? AND event_nid IN ${list.sql}`;
    await this.tx.run(sql, [destination, ...list.params]);
  }

  async forgetBefore(copiedTs: number): Promise<void> {
    await this.tx.run(`DELETE FROM ${TABLE} WHERE copied_ts < ?`, [copiedTs]);
  }
}
