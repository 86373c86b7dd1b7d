import type { Reader, Tx } from '#platform/storage/storage';

/** Answers kept of one server: it has one transaction under way at a time, and repeats only that. */
const SLOTS = 16;

export class ReceivedTransactionsReader {
  constructor(protected readonly reader: Reader) {}

  /** The answer to a transaction, as JSON. One statement over a few rows. */
  async answer(origin: string, txnId: string): Promise<string | undefined> {
    const sql = 'SELECT answer FROM federation_received WHERE origin = ? AND txn_id = ?';
    return (await this.reader.get<{ answer: string }>(sql, [origin, txnId]))?.answer;
  }
}

export class ReceivedTransactionsWriter extends ReceivedTransactionsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** Keeps an answer, in the place of an older one. */
  async keep(origin: string, txnId: string, answer: string, receivedTs: number): Promise<void> {
    const slot = this.tx.id('row') % SLOTS;
    const row = { origin, slot, txn_id: txnId, answer, received_ts: receivedTs };
    await this.tx.upsert('federation_received', ['origin', 'slot'], row);
  }

  async forgetBefore(receivedTs: number): Promise<void> {
    await this.tx.run('DELETE FROM federation_received WHERE received_ts < ?', [receivedTs]);
  }
}
