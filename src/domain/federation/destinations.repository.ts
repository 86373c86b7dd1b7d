import { inList, type Reader, type Tx } from '#platform/storage/storage';

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
  readonly destination: string;
  readonly failure_ts: number;
  readonly retry_last_ts: number;
  readonly retry_interval: number;
}

export class DestinationsReader {
  constructor(protected readonly reader: Reader) {}

  async find(destination: string): Promise<BackOff | undefined> {
    return (await this.findAll([destination])).get(destination);
  }

  /** Those of some servers that could not be reached. */
  async findAll(destinations: readonly string[]): Promise<Map<string, BackOff>> {
    const list = inList(destinations);
    const sql = `SELECT destination, failure_ts, retry_last_ts, retry_interval FROM destinations
      WHERE destination IN ${list.sql}`;
    const rows = await this.reader.all<DestinationRow>(sql, list.params);
    return new Map(rows.map((row) => [row.destination, toBackOff(row)]));
  }
}

function toBackOff(row: DestinationRow): BackOff {
  return { failureTs: row.failure_ts, retryLastTs: row.retry_last_ts, retryIntervalMs: row.retry_interval };
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
