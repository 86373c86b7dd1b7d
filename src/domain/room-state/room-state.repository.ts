import type { JsonValue } from '#kernel/json';
import type { Reader, Tx } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';
import type { RoomInfo, StateEntry } from './room-state.model';

interface RoomRow {
  readonly nid: number;
  readonly room_id: string;
  readonly version: string;
  readonly creators: string;
  readonly room_type: string | null;
}

interface StateRow {
  readonly room_nid: number;
  readonly type: string;
  readonly state_key: string;
  readonly event_nid: number;
}

const ROOM = 'SELECT nid, room_id, version, creators, room_type FROM rooms';
const STATE = 'SELECT room_nid, type, state_key, event_nid FROM room_current_state';

export interface CurrentStateEntry extends StateEntry {
  readonly roomNid: number;
}

export class RoomStateReader {
  constructor(protected readonly reader: Reader) {}

  async roomById(roomId: string): Promise<RoomInfo | undefined> {
    const row = await this.reader.get<RoomRow>(`${ROOM} WHERE room_id = ?`, [roomId]);
    return row && toRoom(row);
  }

  async roomsByNid(nids: readonly number[]): Promise<RoomInfo[]> {
    const list = inList(nids);
    return (await this.reader.all<RoomRow>(`${ROOM} WHERE nid IN ${list.sql}`, list.params)).map(toRoom);
  }

  /** Current entries of one key in one room. */
  async current(roomNid: number, type: string, stateKey: string): Promise<number | undefined> {
    const sql = `${STATE} WHERE room_nid = ? AND type = ? AND state_key = ?`;
    return (await this.reader.get<StateRow>(sql, [roomNid, type, stateKey]))?.event_nid;
  }

  /** Current entries of several rooms, of some types or all. One statement. */
  async currentOfRooms(roomNids: readonly number[], types?: readonly string[]): Promise<CurrentStateEntry[]> {
    const rooms = inList(roomNids);
    if (types === undefined) return this.entries(`room_nid IN ${rooms.sql}`, rooms.params);
    const wanted = inList(types);
    return this.entries(`room_nid IN ${rooms.sql} AND type IN ${wanted.sql}`, [...rooms.params, ...wanted.params]);
  }

  /** Current entries of one type and several state keys in one room. */
  async currentOfKeys(roomNid: number, type: string, stateKeys: readonly string[]): Promise<CurrentStateEntry[]> {
    const keys = inList(stateKeys);
    return this.entries(`room_nid = ? AND type = ? AND state_key IN ${keys.sql}`, [roomNid, type, ...keys.params]);
  }

  private async entries(where: string, params: readonly (string | number | null)[]): Promise<CurrentStateEntry[]> {
    const rows = await this.reader.all<StateRow>(`${STATE} WHERE ${where}`, params);
    return rows.map((row) => ({
      roomNid: row.room_nid,
      type: row.type,
      stateKey: row.state_key,
      eventNid: row.event_nid,
    }));
  }
}

export class RoomStateWriter extends RoomStateReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async addRoom(room: RoomInfo): Promise<void> {
    await this.tx.insert('rooms', {
      nid: room.nid,
      room_id: room.roomId,
      version: room.version,
      creators: JSON.stringify(room.creators),
      room_type: room.roomType,
    });
  }

  /** What an invite or a knock tells of a room that becomes known later, and what its create event says then. */
  async correctRoom({ nid, creators, roomType }: RoomInfo): Promise<void> {
    const sql = 'UPDATE rooms SET creators = ?, room_type = ? WHERE nid = ?';
    await this.tx.run(sql, [JSON.stringify(creators), roomType, nid]);
  }

  /** Makes events the current state under their keys; event 0 takes the key away. A key must not occur twice. */
  async setCurrent(entries: readonly CurrentStateEntry[]): Promise<void> {
    const gone = entries.filter((entry) => entry.eventNid === 0);
    for (const { roomNid, type, stateKey } of gone) {
      const sql = 'DELETE FROM room_current_state WHERE room_nid = ? AND type = ? AND state_key = ?';
      await this.tx.run(sql, [roomNid, type, stateKey]);
    }
    const there = gone.length === 0 ? entries : entries.filter((entry) => entry.eventNid !== 0);
    if (there.length === 0) return;
    await this.tx.upsert(
      'room_current_state',
      ['room_nid', 'type', 'state_key'],
      there.map((entry) => ({
        room_nid: entry.roomNid,
        type: entry.type,
        state_key: entry.stateKey,
        event_nid: entry.eventNid,
      })),
    );
  }
}

function toRoom(row: RoomRow): RoomInfo {
  const creators = JSON.parse(row.creators) as JsonValue;
  return {
    nid: row.nid,
    roomId: row.room_id,
    version: row.version,
    creators: Array.isArray(creators) ? creators.map(String) : [],
    roomType: row.room_type,
  };
}
