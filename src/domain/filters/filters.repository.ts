import type { Reader, Tx } from '#platform/storage/storage';

export class FiltersReader {
  constructor(protected readonly reader: Reader) {}

  async definition(userId: string, filterId: string): Promise<string | undefined> {
    const sql = 'SELECT definition FROM filters WHERE user_id = ? AND filter_id = ?';
    return (await this.reader.get<{ definition: string }>(sql, [userId, filterId]))?.definition;
  }
}

export class FiltersWriter extends FiltersReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async put(userId: string, filterId: string, definition: string): Promise<void> {
    const row = { user_id: userId, filter_id: filterId, definition };
    await this.tx.insertIgnore('filters', ['user_id', 'filter_id'], row);
  }

  async removeAll(userId: string): Promise<void> {
    await this.tx.run('DELETE FROM filters WHERE user_id = ?', [userId]);
  }
}
