import { inList, positionRange, type Positions, type Reader, type SqlValue, type Tx } from '#platform/storage/storage';
import type { Receipt, ReceiptType } from './receipts.model';

interface ReceiptRow {
  readonly room_nid: number;
  readonly user_id: string;
  readonly receipt_type: ReceiptType;
  readonly thread_id: string;
  readonly event_id: string;
  readonly ordinal: number;
  readonly ts: number;
  readonly stream_writer: number;
  readonly stream_pos: number;
}

const COLUMNS = 'room_nid, user_id, receipt_type, thread_id, event_id, ordinal, ts, stream_writer, stream_pos';
const KEY = ['room_nid', 'user_id', 'receipt_type', 'thread_id'] as const;
/** What a user may see of a room's receipts: everybody's public ones and their own private ones. */
const SEEN = "(receipt_type = 'm.read' OR user_id = ?)";
/** Rooms in one statement of {@link ReceiptsReader.newest}. */
const CHUNK = 32;

export class ReceiptsReader {
  constructor(protected readonly reader: Reader) {}

  /** Receipts of some rooms that moved in a range, as `userId` may see them. */
  async changed(roomNids: readonly number[], userId: string, since: Positions, until: Positions): Promise<Receipt[]> {
    const rooms = inList(roomNids);
    const range = positionRange(since, until);
    return this.read(`room_nid IN ${rooms.sql} AND ${range.sql} AND ${SEEN}`, [
      ...rooms.params,
      ...range.params,
      userId,
    ]);
  }

  /** The newest receipts of each room, `limit` a room, as `userId` may see them. */
  async newest(roomNids: readonly number[], userId: string, limit: number): Promise<Receipt[]> {
    const found: Receipt[] = [];
    for (let start = 0; start < roomNids.length; start += CHUNK) {
      const chunk = roomNids.slice(start, start + CHUNK);
      const one = `SELECT * FROM (SELECT ${COLUMNS} FROM receipts WHERE room_nid = ? AND ${SEEN}
        ORDER BY stream_writer DESC, stream_pos DESC LIMIT ?) newest`;
      const params = chunk.flatMap((nid): SqlValue[] => [nid, userId, limit]);
      const rows = await this.reader.all<ReceiptRow>(chunk.map(() => one).join(' UNION ALL '), params);
      found.push(...rows.map(toReceipt));
    }
    return found;
  }

  /** All of one user's receipts in some rooms. */
  async own(roomNids: readonly number[], userId: string): Promise<Receipt[]> {
    const rooms = inList(roomNids);
    return this.read(`room_nid IN ${rooms.sql} AND user_id = ?`, [...rooms.params, userId]);
  }

  /** Public receipts of one server's users in a room that came at or after a time, newest first. */
  async publicSince(roomNid: number, serverName: string, since: number, limit: number): Promise<Receipt[]> {
    const where = `room_nid = ? AND receipt_type = 'm.read' AND ts >= ? AND user_id LIKE ?
      ORDER BY stream_writer DESC, stream_pos DESC LIMIT ?`;
    return this.read(where, [roomNid, since, `%:${serverName}`, limit]);
  }

  private async read(where: string, params: readonly SqlValue[]): Promise<Receipt[]> {
    return (await this.reader.all<ReceiptRow>(`SELECT ${COLUMNS} FROM receipts WHERE ${where}`, params)).map(toReceipt);
  }
}

export class ReceiptsWriter extends ReceiptsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** Moves a receipt forward; false, and nothing written, when it stands there already or further on. */
  async advance(receipt: Receipt): Promise<boolean> {
    if (await this.moveForward(receipt)) return true;
    if (await this.tx.insertIgnore('receipts', KEY, toRow(receipt))) return true;
    // Another process may have written the first one in between, of an older event.
    return this.moveForward(receipt);
  }

  private async moveForward(receipt: Receipt): Promise<boolean> {
    const { event_id, ordinal, ts, stream_writer, stream_pos, ...key } = toRow(receipt);
    const changed = await this.tx.run(
      `UPDATE receipts SET event_id = ?, ordinal = ?, ts = ?, stream_writer = ?, stream_pos = ?
       WHERE room_nid = ? AND user_id = ? AND receipt_type = ? AND thread_id = ? AND ordinal < ?`,
      [
        event_id,
        ordinal,
        ts,
        stream_writer,
        stream_pos,
        key.room_nid,
        key.user_id,
        key.receipt_type,
        key.thread_id,
        ordinal,
      ],
    );
    return changed > 0;
  }
}

const toRow = (receipt: Receipt): ReceiptRow & Record<string, SqlValue> => ({
  room_nid: receipt.roomNid,
  user_id: receipt.userId,
  receipt_type: receipt.type,
  thread_id: receipt.threadId ?? '',
  event_id: receipt.eventId,
  ordinal: receipt.ordinal,
  ts: receipt.ts,
  stream_writer: receipt.position.writer,
  stream_pos: receipt.position.pos,
});

const toReceipt = (row: ReceiptRow): Receipt => ({
  roomNid: row.room_nid,
  userId: row.user_id,
  type: row.receipt_type,
  threadId: row.thread_id === '' ? null : row.thread_id,
  eventId: row.event_id,
  ordinal: row.ordinal,
  ts: row.ts,
  position: { writer: row.stream_writer, pos: row.stream_pos },
});
