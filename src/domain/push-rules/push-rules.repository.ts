import { inList, type Reader, type Tx } from '#platform/storage/storage';
import { NO_PUSH_RULES, type StoredPushRules } from '#protocol/push-rules/index';

export class PushRulesReader {
  constructor(protected readonly reader: Reader) {}

  async find(userId: string): Promise<StoredPushRules> {
    const sql = 'SELECT changes FROM push_rules WHERE user_id = ?';
    const row = await this.reader.get<{ changes: string }>(sql, [userId]);
    return row === undefined ? NO_PUSH_RULES : (JSON.parse(row.changes) as StoredPushRules);
  }

  /** The changes of all of the users who made any. */
  async findMany(userIds: readonly string[]): Promise<Map<string, StoredPushRules>> {
    const ids = inList(userIds);
    const sql = `SELECT user_id, changes FROM push_rules WHERE user_id IN ${ids.sql}`;
    const rows = await this.reader.all<{ user_id: string; changes: string }>(sql, ids.params);
    return new Map(rows.map((row) => [row.user_id, JSON.parse(row.changes) as StoredPushRules]));
  }
}

export class PushRulesWriter extends PushRulesReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** The changes, locked against other writers until the transaction ends. */
  async lock(userId: string): Promise<StoredPushRules> {
    const row = { user_id: userId, changes: JSON.stringify(NO_PUSH_RULES) };
    // Trying to insert locks the row that is there, on databases that have row locks.
    await this.tx.insertIgnore('push_rules', ['user_id'], row);
    return this.find(userId);
  }

  async save(userId: string, changes: string): Promise<void> {
    await this.tx.run('UPDATE push_rules SET changes = ? WHERE user_id = ?', [changes, userId]);
  }

  async remove(userId: string): Promise<void> {
    await this.tx.run('DELETE FROM push_rules WHERE user_id = ?', [userId]);
  }
}
