import { positionRange, type Position, type Positions, type Reader, type Tx } from '#platform/storage/storage';

/** The room id of global data. */
export const GLOBAL = '';

export interface AccountDataRow {
  readonly room_id: string;
  readonly type: string;
  readonly content: string;
}

const KEY = ['user_id', 'room_id', 'type'];

export class AccountDataReader {
  constructor(protected readonly reader: Reader) {}

  async content(userId: string, roomId: string, type: string): Promise<string | undefined> {
    const sql = 'SELECT content FROM account_data WHERE user_id = ? AND room_id = ? AND type = ?';
    return (await this.reader.get<{ content: string }>(sql, [userId, roomId, type]))?.content;
  }

  global(userId: string): Promise<AccountDataRow[]> {
    const sql = 'SELECT room_id, type, content FROM account_data WHERE user_id = ? AND room_id = ? ORDER BY type';
    return this.reader.all(sql, [userId, GLOBAL]);
  }

  rooms(userId: string): Promise<AccountDataRow[]> {
    const sql =
      'SELECT room_id, type, content FROM account_data WHERE user_id = ? AND room_id > ? ORDER BY room_id, type';
    return this.reader.all(sql, [userId, GLOBAL]);
  }

  /** Global and room data written after `since`, up to `until`. */
  changed(userId: string, since: Positions, until: Positions): Promise<AccountDataRow[]> {
    const range = positionRange(since, until);
    const sql = `SELECT room_id, type, content FROM account_data WHERE user_id = ? AND ${range.sql} ORDER BY stream_pos`;
    return this.reader.all(sql, [userId, ...range.params]);
  }
}

export class AccountDataWriter extends AccountDataReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async put(userId: string, roomId: string, type: string, content: string, { writer, pos }: Position): Promise<void> {
    const row = { user_id: userId, room_id: roomId, type, content, stream_writer: writer, stream_pos: pos };
    await this.tx.upsert('account_data', KEY, row);
  }

  /** The content, locked against other writers until the transaction ends; an empty object is stored if there is none. */
  async lock(userId: string, roomId: string, type: string, { writer, pos }: Position): Promise<string> {
    const row = { user_id: userId, room_id: roomId, type, content: '{}', stream_writer: writer, stream_pos: pos };
    // Trying to insert locks the row that is there, on databases that have row locks.
    await this.tx.insertIgnore('account_data', KEY, row);
    return (await this.content(userId, roomId, type)) ?? '{}';
  }

  async removeAll(userId: string): Promise<void> {
    await this.tx.run('DELETE FROM account_data WHERE user_id = ?', [userId]);
  }
}
