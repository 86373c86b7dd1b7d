import type { JsonObject } from '#kernel/json';
import type { Reader, Tx } from '#platform/storage/storage';
import { hashToken } from './tokens.repository';

/** A session of user-interactive authentication as it is kept. */
export interface UiaSession {
  readonly id: string;
  /** Hash of what it is good for. */
  readonly operation: string;
  /** The empty text when nobody is signed in. */
  readonly userId: string;
  /** Set with the first completed stage. */
  readonly bodyMac: string | null;
  readonly flows: readonly (readonly string[])[];
  readonly params: JsonObject;
  readonly completed: readonly string[];
  readonly proof: JsonObject;
  readonly expiresTs: number;
}

interface UiaRow {
  readonly operation: string;
  readonly user_id: string;
  readonly body_mac: string | null;
  readonly flows: string;
  readonly params: string;
  readonly completed: string;
  readonly proof: string;
  readonly expires_ts: number;
}

export class UiaReader {
  constructor(protected readonly reader: Reader) {}

  async find(id: string, now: number): Promise<UiaSession | undefined> {
    const sql = `SELECT operation, user_id, body_mac, flows, params, completed, proof, expires_ts FROM uia_sessions
      WHERE session_hash = ? AND expires_ts > ?`;
    const row = await this.reader.get<UiaRow>(sql, [hashToken(id), now]);
    return (
      row && {
        id,
        operation: row.operation,
        userId: row.user_id,
        bodyMac: row.body_mac,
        flows: JSON.parse(row.flows) as string[][],
        params: JSON.parse(row.params) as JsonObject,
        completed: JSON.parse(row.completed) as string[],
        proof: JSON.parse(row.proof) as JsonObject,
        expiresTs: row.expires_ts,
      }
    );
  }
}

export class UiaWriter extends UiaReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async save(session: UiaSession): Promise<void> {
    await this.tx.upsert('uia_sessions', ['session_hash'], {
      session_hash: hashToken(session.id),
      operation: session.operation,
      user_id: session.userId,
      body_mac: session.bodyMac,
      flows: JSON.stringify(session.flows),
      params: JSON.stringify(session.params),
      completed: JSON.stringify(session.completed),
      proof: JSON.stringify(session.proof),
      expires_ts: session.expiresTs,
    });
  }

  /** False when it is gone: somebody else used it up. */
  async remove(id: string): Promise<boolean> {
    return (await this.tx.run('DELETE FROM uia_sessions WHERE session_hash = ?', [hashToken(id)])) === 1;
  }

  async removeExpired(now: number): Promise<void> {
    await this.tx.run('DELETE FROM uia_sessions WHERE expires_ts <= ?', [now]);
  }
}
