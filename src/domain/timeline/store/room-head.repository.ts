import type { Position, Reader, Tx } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';

/** Where a room stands, as committed. */
export interface RoomHeadRow {
  readonly roomNid: number;
  readonly latestOrdinal: number;
  readonly depth: number;
  readonly snapshotNid: number;
  /** Position of the newest live event. */
  readonly position: Position;
}

interface Row {
  readonly room_nid: number;
  readonly latest_ordinal: number;
  readonly depth: number;
  readonly snapshot_nid: number;
  readonly stream_writer: number;
  readonly stream_pos: number;
}

export class RoomHeadReader {
  constructor(protected readonly reader: Reader) {}

  async heads(roomNids: readonly number[]): Promise<RoomHeadRow[]> {
    const list = inList(roomNids);
    const sql = `SELECT room_nid, latest_ordinal, depth, snapshot_nid, stream_writer, stream_pos FROM room_heads WHERE room_nid IN ${list.sql}`;
    return (await this.reader.all<Row>(sql, list.params)).map((row) => ({
      roomNid: row.room_nid,
      latestOrdinal: row.latest_ordinal,
      depth: row.depth,
      snapshotNid: row.snapshot_nid,
      position: { writer: row.stream_writer, pos: row.stream_pos },
    }));
  }

  async extremities(roomNid: number): Promise<number[]> {
    const sql = 'SELECT event_nid FROM room_extremities WHERE room_nid = ? ORDER BY event_nid';
    return (await this.reader.all<{ event_nid: number }>(sql, [roomNid])).map((row) => row.event_nid);
  }
}

export class RoomHeadWriter extends RoomHeadReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** Moves heads; at most one row a room. */
  async moveHeads(heads: readonly RoomHeadRow[]): Promise<void> {
    await this.tx.upsert(
      'room_heads',
      ['room_nid'],
      heads.map((head) => ({
        room_nid: head.roomNid,
        latest_ordinal: head.latestOrdinal,
        depth: head.depth,
        snapshot_nid: head.snapshotNid,
        stream_writer: head.position.writer,
        stream_pos: head.position.pos,
      })),
    );
  }

  /** A state that changes without an event. */
  async moveSnapshot(roomNid: number, snapshotNid: number): Promise<void> {
    await this.tx.run('UPDATE room_heads SET snapshot_nid = ? WHERE room_nid = ?', [snapshotNid, roomNid]);
  }

  /** Replaces the extremities of rooms. */
  async replaceExtremities(extremities: ReadonlyMap<number, readonly number[]>): Promise<void> {
    const list = inList([...extremities.keys()]);
    await this.tx.run(`DELETE FROM room_extremities WHERE room_nid IN ${list.sql}`, list.params);
    const rows = [...extremities].flatMap(([roomNid, nids]) =>
      nids.map((eventNid) => ({ room_nid: roomNid, event_nid: eventNid })),
    );
    await this.tx.insert('room_extremities', rows);
  }
}
