import type { Reader, Tx } from '#platform/storage/storage';

/** A server that could not be reached. Times in epoch milliseconds. */
export interface BackOff {
  /** Since when. */
  readonly failureTs: number;
  /** When it was tried last. */
  readonly retryLastTs: number;
  /** For how long it is left alone after that. */
  readonly retryIntervalMs: number;
}

interface DestinationRow {
  readonly failure_ts: number;
  readonly retry_last_ts: number;
  readonly retry_interval: number;
}

export class DestinationsReader {
  constructor(protected readonly reader: Reader) {}

  async find(destination: string): Promise<BackOff | undefined> {
    const sql = 'SELECT failure_ts, retry_last_ts, retry_interval FROM destinations WHERE destination = ?';
    const row = await this.reader.get<DestinationRow>(sql, [destination]);
    return row && { failureTs: row.failure_ts, retryLastTs: row.retry_last_ts, retryIntervalMs: row.retry_interval };
  }
}

export class DestinationsWriter extends DestinationsReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async save(destination: string, { failureTs, retryLastTs, retryIntervalMs }: BackOff): Promise<void> {
    await this.tx.upsert('destinations', ['destination'], {
      destination,
      failure_ts: failureTs,
      retry_last_ts: retryLastTs,
      retry_interval: retryIntervalMs,
    });
  }

  async remove(destination: string): Promise<void> {
    await this.tx.run('DELETE FROM destinations WHERE destination = ?', [destination]);
  }
}
