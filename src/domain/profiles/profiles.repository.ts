import type { JsonObject } from '#kernel/json';
import { inList, type Reader, type Tx } from '#platform/storage/storage';
import type { Profile } from './profiles.model';

interface ProfileRow {
  readonly user_id: string;
  readonly displayname: string | null;
  readonly avatar_url: string | null;
  readonly fields: string;
}

const COLUMNS = 'user_id, displayname, avatar_url, fields';

export class ProfilesReader {
  constructor(protected readonly reader: Reader) {}

  async find(userId: string): Promise<Profile | undefined> {
    const row = await this.reader.get<ProfileRow>(`SELECT ${COLUMNS} FROM profiles WHERE user_id = ?`, [userId]);
    return row && toProfile(row);
  }

  async findMany(userIds: readonly string[]): Promise<Map<string, Profile>> {
    const ids = inList(userIds);
    const sql = `SELECT ${COLUMNS} FROM profiles WHERE user_id IN ${ids.sql}`;
    const rows = await this.reader.all<ProfileRow>(sql, ids.params);
    return new Map(rows.map((row) => [row.user_id, toProfile(row)]));
  }
}

export class ProfilesWriter extends ProfilesReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** The profile, locked against other writers until the transaction ends. */
  async lock(userId: string): Promise<Profile> {
    const row = { user_id: userId, displayname: null, avatar_url: null, fields: '{}' };
    // Trying to insert locks the row that is there, on databases that have row locks.
    await this.tx.insertIgnore('profiles', ['user_id'], row);
    return (await this.find(userId)) ?? {};
  }

  async save(userId: string, profile: Profile): Promise<void> {
    const { displayname, avatar_url, ...fields } = profile;
    const sql = 'UPDATE profiles SET displayname = ?, avatar_url = ?, fields = ? WHERE user_id = ?';
    await this.tx.run(sql, [displayname ?? null, avatar_url ?? null, JSON.stringify(fields), userId]);
  }

  async remove(userId: string): Promise<void> {
    await this.tx.run('DELETE FROM profiles WHERE user_id = ?', [userId]);
  }
}

function toProfile(row: ProfileRow): Profile {
  return {
    ...(JSON.parse(row.fields) as JsonObject),
    ...(row.displayname !== null && { displayname: row.displayname }),
    ...(row.avatar_url !== null && { avatar_url: row.avatar_url }),
  };
}
