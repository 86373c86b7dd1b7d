import type { Reader } from '#platform/storage/storage';

/** The tables that say, by `destination`, what servers have yet to get. */
const TABLES = [
  'federation_queue',
  'federation_unanswered',
  'federation_copies',
  'federation_missed_receipts',
] as const;

/** Which servers have yet to get anything. */
export class OwedServersReader {
  constructor(private readonly reader: Reader) {}

  /** By table, then by name; at most `size` at once. A server that several tables name comes several times. */
  async *pages(size: number): AsyncGenerator<string[]> {
    for (const table of TABLES) {
      for (let after = ''; ;) {
        const page = await this.page(table, after, size);
        if (page.length === 0) break;
        yield page;
        after = page.at(-1)!;
      }
    }
  }

  private async page(table: (typeof TABLES)[number], after: string, size: number): Promise<string[]> {
    const sql = `SELECT DISTINCT destination FROM ${table} WHERE destination > ? ORDER BY destination LIMIT ?`;
    return (await this.reader.all<{ destination: string }>(sql, [after, size])).map((row) => row.destination);
  }
}
