import { hash } from 'node:crypto';
import { inList, type Reader, type Tx } from '#platform/storage/storage';

/** A row of `access_tokens`, without the hashes. */
export interface TokenRow {
  readonly token_id: number;
  readonly user_id: string;
  readonly device_id: string;
  readonly expires_ts: number | null;
  readonly refreshable: number;
  readonly refresh_expires_ts: number | null;
  readonly confirmed: number;
}

export interface NewToken {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly userId: string;
  readonly deviceId: string;
  readonly expiresTs: number | null;
  readonly refreshExpiresTs: number | null;
  readonly confirmed: boolean;
  readonly createdTs: number;
}

const COLUMNS = `token_id, user_id, device_id, expires_ts,
  CASE WHEN refresh_hash IS NULL THEN 0 ELSE 1 END AS refreshable, refresh_expires_ts, confirmed`;

/** What the database knows of a token. Tokens are long and random, so a plain hash is enough. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

export class TokensReader {
  constructor(protected readonly reader: Reader) {}

  byAccessHash(hash: string): Promise<TokenRow | undefined> {
    return this.reader.get<TokenRow>(`SELECT ${COLUMNS} FROM access_tokens WHERE token_hash = ?`, [hash]);
  }

  byRefreshHash(hash: string): Promise<TokenRow | undefined> {
    return this.reader.get<TokenRow>(`SELECT ${COLUMNS} FROM access_tokens WHERE refresh_hash = ?`, [hash]);
  }

  async idsOfUser(userId: string): Promise<number[]> {
    const sql = 'SELECT token_id FROM access_tokens WHERE user_id = ?';
    const rows = await this.reader.all<{ token_id: number }>(sql, [userId]);
    return rows.map((row) => row.token_id);
  }

  async idsOfDevices(userId: string, deviceIds: readonly string[]): Promise<number[]> {
    const devices = inList(deviceIds);
    const sql = `SELECT token_id FROM access_tokens WHERE user_id = ? AND device_id IN ${devices.sql}`;
    const rows = await this.reader.all<{ token_id: number }>(sql, [userId, ...devices.params]);
    return rows.map((row) => row.token_id);
  }
}

export class TokensWriter extends TokensReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async insert(token: NewToken): Promise<number> {
    const id = this.tx.id('row');
    await this.tx.insert('access_tokens', {
      token_id: id,
      token_hash: hashToken(token.accessToken),
      user_id: token.userId,
      device_id: token.deviceId,
      expires_ts: token.expiresTs,
      refresh_hash: token.refreshToken === null ? null : hashToken(token.refreshToken),
      refresh_expires_ts: token.refreshExpiresTs,
      confirmed: Number(token.confirmed),
      created_ts: token.createdTs,
    });
    return id;
  }

  async confirm(tokenId: number): Promise<void> {
    await this.tx.run('UPDATE access_tokens SET confirmed = 1 WHERE token_id = ?', [tokenId]);
  }

  async remove(tokenIds: readonly number[]): Promise<void> {
    const ids = inList(tokenIds);
    await this.tx.run(`DELETE FROM access_tokens WHERE token_id IN ${ids.sql}`, ids.params);
  }
}
