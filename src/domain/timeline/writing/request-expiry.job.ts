import { Hourly } from '#platform/jobs/hourly';
import type { Storage } from '#platform/storage/storage';
import { TransactionWriter } from './transaction.repository';

const HOUR = 3_600_000;
/** How long a repeated request gets the first answer; clients give up long before. */
const KEPT = 48 * HOUR;
const BATCH = 2_000;

/** Forgets the transaction ids of old requests, so that their table does not grow with the history. */
export class RequestExpiryJob {
  private readonly hourly = new Hourly(() => this.run());
  private stopping = false;

  constructor(
    private readonly storage: Storage,
    private readonly now: () => number,
  ) {}

  start(onError: (error: unknown) => void): void {
    this.hourly.start(onError);
  }

  /** Finishes the batch in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.hourly.stop();
  }

  /** Removes what has expired, in small transactions. */
  async run(): Promise<void> {
    const before = this.now() - KEPT;
    let removed = BATCH;
    while (removed === BATCH && !this.stopping) {
      removed = await this.storage.write((tx) => new TransactionWriter(tx).removeOldest(before, BATCH));
    }
  }
}
