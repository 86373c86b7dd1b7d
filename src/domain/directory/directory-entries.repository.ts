import { inList, type Reader, type SqlValue, type Tx } from '#platform/storage/storage';
import type { DirectoryEntry, DirectoryPlace } from './directory.model';

/** Columns of an entry that events set. */
export interface EntryColumns {
  readonly name: string | null;
  readonly topic: string | null;
  readonly avatar_url: string | null;
  readonly canonical_alias: string | null;
  readonly join_rule: string | null;
  readonly world_readable: number;
  readonly guest_can_join: number;
}

export interface PublishedFilter {
  readonly search?: string;
  readonly roomTypes?: readonly (string | null)[];
}

type EntryRow = EntryColumns & {
  readonly room_nid: number;
  readonly room_id: string;
  readonly joined_members: number;
  readonly room_type: string | null;
};

const COLUMNS = `room_nid, room_id, joined_members, name, topic, avatar_url, canonical_alias, join_rule, room_type,
  world_readable, guest_can_join`;

export class DirectoryEntriesReader {
  constructor(protected readonly reader: Reader) {}

  /** What lists tell about some rooms, published or not. */
  async entries(roomNids: readonly number[]): Promise<DirectoryEntry[]> {
    const rooms = inList(roomNids);
    const sql = `SELECT ${COLUMNS} FROM room_directory WHERE room_nid IN ${rooms.sql}`;
    return (await this.reader.all<EntryRow>(sql, rooms.params)).map(toEntry);
  }

  async isPublished(roomNid: number): Promise<boolean> {
    const sql = 'SELECT is_published FROM room_directory WHERE room_nid = ?';
    return (await this.reader.get<{ is_published: number }>(sql, [roomNid]))?.is_published === 1;
  }

  async countPublished(): Promise<number> {
    const sql = 'SELECT COUNT(*) AS total FROM room_directory WHERE is_published = 1';
    return (await this.reader.get<{ total: number }>(sql))?.total ?? 0;
  }

  /** Published rooms from a place on (the beginning without one), in the direction of the place. Walks the index. */
  async published(
    place: DirectoryPlace | undefined,
    filter: PublishedFilter,
    limit: number,
  ): Promise<DirectoryEntry[]> {
    const back = place?.direction === 'previous';
    const conditions = ['is_published = 1'];
    const params: SqlValue[] = [];
    if (place !== undefined) {
      const beyond = back ? '>' : '<';
      conditions.push(`joined_members ${beyond}= ? AND (joined_members ${beyond} ? OR room_nid ${beyond} ?)`);
      params.push(place.joinedMembers, place.joinedMembers, place.roomNid);
    }
    if (filter.search !== undefined) {
      conditions.push('INSTR(search_text, ?) > 0');
      params.push(filter.search.toLowerCase());
    }
    if (filter.roomTypes !== undefined) {
      const types = inList(filter.roomTypes.filter((type) => type !== null));
      conditions.push(`(room_type IN ${types.sql}${filter.roomTypes.includes(null) ? ' OR room_type IS NULL' : ''})`);
      params.push(...types.params);
    }
    const order = back ? 'joined_members, room_nid' : 'joined_members DESC, room_nid DESC';
    const sql = `SELECT ${COLUMNS} FROM room_directory WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`;
    return (await this.reader.all<EntryRow>(sql, [...params, limit])).map(toEntry);
  }
}

export class DirectoryEntriesWriter extends DirectoryEntriesReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async add(room: { nid: number; roomId: string; roomType: string | null }): Promise<void> {
    await this.tx.insert('room_directory', {
      room_nid: room.nid,
      room_id: room.roomId,
      is_published: 0,
      joined_members: 0,
      name: null,
      topic: null,
      avatar_url: null,
      canonical_alias: null,
      join_rule: null,
      room_type: room.roomType,
      world_readable: 0,
      guest_can_join: 0,
      search_text: '',
    });
  }

  /** Applies what events changed, and how many more (or fewer) members are joined. */
  async update(roomNid: number, change: Partial<EntryColumns>, moreJoined: number): Promise<void> {
    const values: Record<string, SqlValue> = { ...change };
    if ('name' in change || 'topic' in change || 'canonical_alias' in change) {
      values.search_text = searchText({ ...(await this.searched(roomNid)), ...change });
    }
    const columns = Object.keys(values);
    const sets = ['joined_members = joined_members + ?', ...columns.map((column) => `${column} = ?`)];
    const params = [moreJoined, ...columns.map((column) => values[column]!), roomNid];
    await this.tx.run(`UPDATE room_directory SET ${sets.join(', ')} WHERE room_nid = ?`, params);
  }

  async setPublished(roomNid: number, published: boolean): Promise<void> {
    await this.tx.run('UPDATE room_directory SET is_published = ? WHERE room_nid = ?', [published ? 1 : 0, roomNid]);
  }

  private searched(roomNid: number): Promise<Partial<EntryColumns> | undefined> {
    return this.tx.get('SELECT name, topic, canonical_alias FROM room_directory WHERE room_nid = ?', [roomNid]);
  }
}

const searchText = (entry: Partial<EntryColumns>): string =>
  [entry.name, entry.topic, entry.canonical_alias].map((text) => (text ?? '').toLowerCase()).join('\n');

const toEntry = (row: EntryRow): DirectoryEntry => ({
  roomNid: row.room_nid,
  roomId: row.room_id,
  joinedMembers: row.joined_members,
  name: row.name,
  topic: row.topic,
  avatarUrl: row.avatar_url,
  canonicalAlias: row.canonical_alias,
  joinRule: row.join_rule,
  roomType: row.room_type,
  worldReadable: row.world_readable === 1,
  guestCanJoin: row.guest_can_join === 1,
});
