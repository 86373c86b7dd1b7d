import { hash } from 'node:crypto';
import type { Reader, Row, Tx } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';
import type { TransactionKey } from '../timeline.model';

const HASH_LENGTH = 22;

/** Names a request by user, device or token, path and transaction id: 128 bits of their hash, short for the index's sake. */
export function requestHash(key: TransactionKey): string {
  const text = JSON.stringify([key.userId, key.scope, key.path, key.txnId]);
  return hash('sha256', text, 'base64url').slice(0, HASH_LENGTH);
}

export function transactionRow(key: TransactionKey, eventNid: number, createdTs: number): Row {
  return {
    request_hash: requestHash(key),
    event_nid: eventNid,
    user_id: key.userId,
    scope: key.scope,
    txn_id: key.txnId,
    created_ts: createdTs,
  };
}

export class TransactionReader {
  constructor(private readonly reader: Reader) {}

  /** The event id that a request was answered with. */
  async answerTo(hash: string): Promise<string | undefined> {
    const sql =
      'SELECT e.event_id FROM event_transactions t JOIN events e ON e.nid = t.event_nid WHERE t.request_hash = ?';
    return (await this.reader.get<{ event_id: string }>(sql, [hash]))?.event_id;
  }

  /** Transaction ids that a user's device (or token) gave to events. */
  async idsOf(eventNids: readonly number[], userId: string, scope: string): Promise<Map<number, string>> {
    const list = inList(eventNids);
    const sql = `SELECT event_nid, txn_id FROM event_transactions WHERE event_nid IN ${list.sql} AND user_id = ? AND scope = ?`;
    const rows = await this.reader.all<{ event_nid: number; txn_id: string }>(sql, [...list.params, userId, scope]);
    return new Map(rows.map((row) => [row.event_nid, row.txn_id]));
  }
}

export class TransactionWriter extends TransactionReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /**
   * Removes the oldest rows made before `before` (epoch milliseconds), `limit` at most; how many. Event numbers rise with
   * time closely enough, so that no index on times is needed.
   */
  async removeOldest(before: number, limit: number): Promise<number> {
    const oldest = await this.tx.get<{ last: number | null }>(
      `SELECT MAX(event_nid) AS last FROM
         (SELECT event_nid, created_ts FROM event_transactions ORDER BY event_nid LIMIT ?) oldest WHERE created_ts < ?`,
      [limit, before],
    );
    const last = oldest?.last ?? null;
    if (last === null) return 0;
    return this.tx.run('DELETE FROM event_transactions WHERE event_nid <= ? AND created_ts < ?', [last, before]);
  }
}
