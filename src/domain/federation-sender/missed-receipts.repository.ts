import { inList, type Reader, type Tx } from '#platform/storage/storage';
import type { MissedReceipt } from './edu-buffer.model';

const TABLE = 'federation_missed_receipts';

export interface MissedReceiptRow extends MissedReceipt {
  readonly destination: string;
}

export class MissedReceiptsReader {
  constructor(protected readonly reader: Reader) {}

  /** Rooms of whose receipts a server has missed some, a page of them. */
  async rooms(destination: string, limit: number): Promise<MissedReceipt[]> {
    const sql = `SELECT room_nid, since_ts FROM ${TABLE} WHERE destination = ? ORDER BY room_nid LIMIT ?`;
    const rows = await this.reader.all<{ room_nid: number; since_ts: number }>(sql, [destination, limit]);
    return rows.map((row) => ({ roomNid: row.room_nid, since: row.since_ts }));
  }
}

export class MissedReceiptsWriter extends MissedReceiptsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** Notes rooms. A row that is there began earlier, and stays as it is. */
  async add(rows: readonly MissedReceiptRow[]): Promise<void> {
    const missed = rows.map(({ destination, roomNid, since }) => ({ destination, room_nid: roomNid, since_ts: since }));
    await this.tx.upsert(TABLE, ['destination', 'room_nid'], missed, []);
  }

  async remove(destination: string, rooms: readonly Pick<MissedReceipt, 'roomNid'>[]): Promise<void> {
    if (rooms.length === 0) return;
    const list = inList(rooms.map(({ roomNid }) => roomNid));
    await this.tx.run(`DELETE FROM ${TABLE} WHERE destination = ? AND room_nid IN ${list.sql}`, [
      destination,
      ...list.params,
    ]);
  }
}
