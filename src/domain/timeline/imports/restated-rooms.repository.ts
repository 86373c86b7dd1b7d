import type { Position, Reader, Tx } from '#platform/storage/storage';

interface RestatedRow {
  readonly room_nid: number;
  readonly stream_writer: number;
  readonly stream_pos: number;
}

export class RestatedRoomsReader {
  constructor(private readonly reader: Reader) {}

  /** Where each room was last restated. */
  async all(): Promise<Map<number, Position>> {
    const sql = 'SELECT room_nid, stream_writer, stream_pos FROM restated_rooms';
    const rows = await this.reader.all<RestatedRow>(sql, []);
    return new Map(rows.map((row) => [row.room_nid, { writer: row.stream_writer, pos: row.stream_pos }]));
  }
}

export class RestatedRoomsWriter {
  constructor(private readonly tx: Tx) {}

  put(roomNid: number, { writer, pos }: Position): Promise<void> {
    return this.tx.upsert('restated_rooms', ['room_nid'], {
      room_nid: roomNid,
      stream_writer: writer,
      stream_pos: pos,
    });
  }
}
