import type { Storage } from '#platform/storage/storage';
import { TransactionWriter } from './transaction.repository';

const HOUR = 3_600_000;
/** How long a repeated request gets the first answer; clients give up long before. */
const KEPT = 48 * HOUR;
const BATCH = 2_000;

/** Forgets the transaction ids of old requests, so that their table does not grow with the history. */
export class RequestExpiryJob {
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly storage: Storage,
    private readonly now: () => number,
  ) {}

  /** Runs once an hour, beginning an hour from now. */
  start(onError: (error: unknown) => void): void {
    this.timer = setInterval(() => {
      this.work = this.work.then(() => this.run()).catch(onError);
    }, HOUR);
    this.timer.unref();
  }

  /** Finishes the batch in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.work;
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
