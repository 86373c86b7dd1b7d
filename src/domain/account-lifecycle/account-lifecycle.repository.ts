import type { Reader, Tx } from '#platform/storage/storage';

export class AccountLifecycleReader {
  constructor(protected readonly reader: Reader) {}

  /** Closed accounts that have rooms to leave, oldest first. */
  async pendingPartings(): Promise<string[]> {
    const rows = await this.reader.all<{ user_id: string }>('SELECT user_id FROM pending_partings ORDER BY added_ts');
    return rows.map((row) => row.user_id);
  }
}

export class AccountLifecycleWriter extends AccountLifecycleReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async addParting(userId: string, addedTs: number): Promise<void> {
    await this.tx.insertIgnore('pending_partings', ['user_id'], { user_id: userId, added_ts: addedTs });
  }

  async removeParting(userId: string): Promise<void> {
    await this.tx.run('DELETE FROM pending_partings WHERE user_id = ?', [userId]);
  }

  async addNonce(nonce: string, expiresTs: number, now: number): Promise<void> {
    await this.tx.run('DELETE FROM registration_nonces WHERE expires_ts <= ?', [now]);
    await this.tx.insert('registration_nonces', { nonce, expires_ts: expiresTs });
  }

  /** Uses a nonce up. False when it was never given out, used before or is too old. */
  async takeNonce(nonce: string, now: number): Promise<boolean> {
    const sql = 'DELETE FROM registration_nonces WHERE nonce = ? AND expires_ts > ?';
    return (await this.tx.run(sql, [nonce, now])) === 1;
  }
}
