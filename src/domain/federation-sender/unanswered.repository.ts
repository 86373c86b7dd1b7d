import type { Reader, Tx } from '#platform/storage/storage';
import type { Contents } from './unanswered.model';

const TABLE = 'federation_unanswered';

export class UnansweredReader {
  constructor(protected readonly reader: Reader) {}

  /** The transaction that a server has yet to answer. */
  async find(destination: string): Promise<Contents | undefined> {
    const sql = `SELECT txn_id, contents FROM ${TABLE} WHERE destination = ?`;
    const row = await this.reader.get<{ txn_id: string; contents: string }>(sql, [destination]);
    return row && { ...(JSON.parse(row.contents) as Omit<Contents, 'txnId'>), txnId: row.txn_id };
  }
}

export class UnansweredWriter extends UnansweredReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async keep(destination: string, { txnId, ...contents }: Contents): Promise<void> {
    const row = { destination, txn_id: txnId, contents: JSON.stringify(contents) };
    await this.tx.upsert(TABLE, ['destination'], row);
  }

  async remove(destination: string): Promise<void> {
    await this.tx.run(`DELETE FROM ${TABLE} WHERE destination = ?`, [destination]);
  }
}
