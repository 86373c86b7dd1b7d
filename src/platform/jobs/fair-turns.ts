/** What there is to share. */
export interface TurnLimits {
  /** Jobs that run at the same time. */
  readonly running: number;
  /** Jobs that wait for their turn. */
  readonly waiting: number;
}

interface Queue {
  running: number;
  readonly jobs: (() => Promise<unknown>)[];
}

/**
 * Lets few jobs run at a time, fairly among the parties that they are done for. A party may have as many as it leaves to
 * all others: one that wants everything gets half, the next half of the rest, so that whoever comes last still finds room.
 * The parties that wait take turns.
 */
export class FairTurns {
  private readonly queues = new Map<string, Queue>();
  private running = 0;
  private waiting = 0;

  constructor(private readonly limits: TurnLimits) {}

  /**
   * Has a job run in its turn, maybe at once. It must not reject.
   * @returns false when too many jobs of this party wait already; then it never runs
   */
  take(party: string, job: () => Promise<unknown>): boolean {
    const queue = this.queues.get(party) ?? { running: 0, jobs: [] };
    if (queue.jobs.length >= this.limits.waiting - this.waiting) return false;
    // Who begins to wait stands behind all who do already.
    if (queue.jobs.length === 0) this.moveToEnd(party, queue);
    queue.jobs.push(job);
    this.waiting++;
    this.startNext();
    return true;
  }

  private startNext(): void {
    for (const [party, queue] of this.queues) {
      if (queue.running >= this.limits.running - this.running) continue;
      const job = queue.jobs.shift();
      if (job === undefined) continue;
      this.moveToEnd(party, queue);
      void this.run(party, queue, job);
    }
  }

  private moveToEnd(party: string, queue: Queue): void {
    this.queues.delete(party);
    this.queues.set(party, queue);
  }

  private async run(party: string, queue: Queue, job: () => Promise<unknown>): Promise<void> {
    this.waiting--;
    this.running++;
    queue.running++;
    await job();
    this.running--;
    queue.running--;
    if (queue.running === 0 && queue.jobs.length === 0) this.queues.delete(party);
    this.startNext();
  }
}
