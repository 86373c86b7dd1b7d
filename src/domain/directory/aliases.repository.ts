import type { Reader, Tx } from '#platform/storage/storage';

/** An alias of this server. */
export interface RoomAlias {
  readonly alias: string;
  readonly roomNid: number;
  /** The user who made it, and may delete it. */
  readonly creator: string;
  readonly createdTs: number;
}

interface AliasRow {
  readonly alias: string;
  readonly room_nid: number;
  readonly creator: string;
  readonly created_ts: number;
}

export class AliasesReader {
  constructor(protected readonly reader: Reader) {}

  async find(alias: string): Promise<RoomAlias | undefined> {
    const sql = 'SELECT alias, room_nid, creator, created_ts FROM room_aliases WHERE alias = ?';
    const row = await this.reader.get<AliasRow>(sql, [alias]);
    return row && { alias: row.alias, roomNid: row.room_nid, creator: row.creator, createdTs: row.created_ts };
  }

  /** A room's aliases, oldest first. */
  async ofRoom(roomNid: number): Promise<string[]> {
    const sql = 'SELECT alias FROM room_aliases WHERE room_nid = ? ORDER BY created_ts, alias';
    return (await this.reader.all<{ alias: string }>(sql, [roomNid])).map((row) => row.alias);
  }
}

export class AliasesWriter extends AliasesReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** False when the alias is taken. */
  add(alias: RoomAlias): Promise<boolean> {
    const row = { alias: alias.alias, room_nid: alias.roomNid, creator: alias.creator, created_ts: alias.createdTs };
    return this.tx.insertIgnore('room_aliases', ['alias'], row);
  }

  /** False when it was not there. */
  async remove(alias: string): Promise<boolean> {
    return (await this.tx.run('DELETE FROM room_aliases WHERE alias = ?', [alias])) > 0;
  }

  /** Lets all aliases of a room lead to another one, for an upgrade. */
  async move(fromRoomNid: number, toRoomNid: number): Promise<void> {
    await this.tx.run('UPDATE room_aliases SET room_nid = ? WHERE room_nid = ?', [toRoomNid, fromRoomNid]);
  }
}
