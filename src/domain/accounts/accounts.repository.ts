import type { Reader, Row, Tx } from '#platform/storage/storage';
import type { Account, AccountListOptions } from './accounts.model';

interface AccountRow {
  readonly account_id: number;
  readonly user_id: string;
  readonly localpart: string;
  readonly is_guest: number;
  readonly is_admin: number;
  readonly locked: number;
  readonly suspended: number;
  readonly user_type: string | null;
  readonly created_ts: number;
  readonly deactivated_ts: number | null;
}

const COLUMNS =
  'account_id, user_id, localpart, is_guest, is_admin, locked, suspended, user_type, created_ts, deactivated_ts';

export class AccountsReader {
  constructor(protected readonly reader: Reader) {}

  async find(userId: string): Promise<Account | undefined> {
    const row = await this.reader.get<AccountRow>(`SELECT ${COLUMNS} FROM accounts WHERE user_id = ?`, [userId]);
    return row && toAccount(row);
  }

  /** Null for an account without a password, undefined for no account. */
  async passwordHash(userId: string): Promise<string | null | undefined> {
    const sql = 'SELECT password_hash FROM accounts WHERE user_id = ?';
    return (await this.reader.get<{ password_hash: string | null }>(sql, [userId]))?.password_hash;
  }

  /** Accounts after a user id, by user id: one more than asked tells that there is a next page. */
  async list({ search, after, limit, includeDeactivated }: AccountListOptions): Promise<Account[]> {
    const where = ['user_id > ?'];
    const params: (string | number)[] = [after ?? ''];
    if (search !== undefined && search !== '') {
      // INSTR and not LIKE: its wildcards and letter case differ between databases.
      where.push('INSTR(localpart, ?) > 0');
      params.push(search.toLowerCase());
    }
    if (includeDeactivated === false) where.push('deactivated_ts IS NULL');
    const sql = `SELECT ${COLUMNS} FROM accounts WHERE ${where.join(' AND ')} ORDER BY user_id LIMIT ?`;
    return (await this.reader.all<AccountRow>(sql, [...params, limit])).map(toAccount);
  }

  async count(): Promise<number> {
    return (await this.reader.get<{ n: number }>('SELECT COUNT(*) AS n FROM accounts'))?.n ?? 0;
  }
}

export class AccountsWriter extends AccountsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** False when the user id is taken. */
  insert(row: Row): Promise<boolean> {
    return this.tx.insertIgnore('accounts', ['user_id'], row);
  }

  async update(userId: string, columns: Row): Promise<void> {
    const names = Object.keys(columns);
    const sql = `UPDATE accounts SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE user_id = ?`;
    await this.tx.run(sql, [...names.map((name) => columns[name] ?? null), userId]);
  }
}

function toAccount(row: AccountRow): Account {
  return {
    id: row.account_id,
    userId: row.user_id,
    localpart: row.localpart,
    isGuest: row.is_guest === 1,
    isAdmin: row.is_admin === 1,
    locked: row.locked === 1,
    suspended: row.suspended === 1,
    userType: row.user_type,
    createdTs: row.created_ts,
    deactivatedTs: row.deactivated_ts,
  };
}
