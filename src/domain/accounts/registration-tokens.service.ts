import { InvalidParamError } from '#kernel/errors';
import type { Clock } from '#kernel/time';
import type { Reader, Storage, Tx } from '#platform/storage/storage';

export interface RegistrationToken {
  readonly token: string;
  /** Null for as often as wanted. */
  readonly usesAllowed: number | null;
  readonly uses: number;
  /** Epoch milliseconds; null for never. */
  readonly expiresTs: number | null;
}

interface TokenRow {
  readonly token: string;
  readonly uses_allowed: number | null;
  readonly uses: number;
  readonly expires_ts: number | null;
}

/** Appendices, "Opaque Identifiers", with this use's own limit. */
const GRAMMAR = /^[A-Za-z0-9._~-]{1,64}$/;
const USABLE = '(uses_allowed IS NULL OR uses < uses_allowed) AND (expires_ts IS NULL OR expires_ts > ?)';

/** Tokens that admit to registration, each with a number of uses and a time. */
export class RegistrationTokens {
  constructor(
    private readonly storage: Storage,
    private readonly now: Clock,
  ) {}

  /** Whether a registration with this token would be admitted now. */
  async isValid(token: string, reader: Reader = this.storage): Promise<boolean> {
    if (!GRAMMAR.test(token)) return false;
    const sql = `SELECT token FROM registration_tokens WHERE token = ? AND ${USABLE}`;
    return (await reader.get(sql, [token, this.now()])) !== undefined;
  }

  /** Counts a use, in the transaction that makes the account. False when the last use is gone or the time is over. */
  async consume(tx: Tx, token: string): Promise<boolean> {
    const sql = `UPDATE registration_tokens SET uses = uses + 1 WHERE token = ? AND ${USABLE}`;
    return (await tx.run(sql, [token, this.now()])) === 1;
  }

  /** Adds a token, or gives the one of that name new limits. @throws InvalidParamError */
  async put(token: string, limits: { usesAllowed?: number | null; expiresTs?: number | null } = {}): Promise<void> {
    if (!GRAMMAR.test(token)) throw new InvalidParamError('token: 1 to 64 of A-Z, a-z, 0-9, ".", "_", "~", "-"');
    const row = {
      token,
      uses_allowed: limits.usesAllowed ?? null,
      uses: 0,
      expires_ts: limits.expiresTs ?? null,
      created_ts: this.now(),
    };
    const update = ['uses_allowed', 'expires_ts'];
    await this.storage.write((tx) => tx.upsert('registration_tokens', ['token'], row, update));
  }

  async list(after: string, limit: number): Promise<RegistrationToken[]> {
    const sql = `SELECT token, uses_allowed, uses, expires_ts FROM registration_tokens
      WHERE token > ? ORDER BY token LIMIT ?`;
    const rows = await this.storage.all<TokenRow>(sql, [after, limit]);
    return rows.map((row) => ({
      token: row.token,
      usesAllowed: row.uses_allowed,
      uses: row.uses,
      expiresTs: row.expires_ts,
    }));
  }

  /** False when there is none of that name. */
  async remove(token: string): Promise<boolean> {
    const sql = 'DELETE FROM registration_tokens WHERE token = ?';
    return this.storage.write(async (tx) => (await tx.run(sql, [token])) === 1);
  }
}
