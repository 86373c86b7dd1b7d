import { DestinationQueue, type QueueParts } from './destination-queue.service';
import type { EduMaker } from './edu-buffer.model';

/** Transactions under way at one time, to all servers together. */
const AT_ONCE = 50;
/** How long to wait before trying a server again that fails without being left alone. */
const SHORT_WAIT_MS = 5_000;
const LONGEST_TIMER_MS = 3_600_000;

export interface SendingParts extends QueueParts {
  /** When a server may be tried again, in epoch milliseconds; undefined for now. */
  readonly retryAt: (destination: string) => Promise<number | undefined>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Works off the queues of all servers, some at a time. In memory is only who is being sent to, who waits for a turn, and who
 * is asleep until when: a few words for each.
 */
export class Sending {
  private readonly queues = new Map<string, DestinationQueue>();
  /** In the order in which they get their turn. */
  private readonly ready = new Set<string>();
  /** Being sent to; true when there was news meanwhile. */
  private readonly active = new Map<string, boolean>();
  private readonly asleep = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly parts: SendingParts) {}

  /** A server lacks something, or is well again. Costs little when it is being sent to anyway. */
  wake(destination: string, isRecovered = false): void {
    if (this.stopped || (this.asleep.has(destination) && !isRecovered)) return;
    clearTimeout(this.asleep.get(destination));
    this.asleep.delete(destination);
    if (this.active.has(destination)) this.active.set(destination, true);
    else this.ready.add(destination);
    this.fill();
  }

  /** Sends an EDU soon; not to servers that are asleep. */
  edu(destination: string, subject: string, make: EduMaker): void {
    if (this.stopped || this.asleep.has(destination)) return;
    this.queueOf(destination).edus.add(subject, make);
    this.wake(destination);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.asleep.values()) clearTimeout(timer);
    this.ready.clear();
    await Promise.all(this.running);
  }

  private fill(): void {
    for (const destination of this.ready) {
      if (this.active.size >= AT_ONCE) return;
      this.ready.delete(destination);
      this.active.set(destination, false);
      const run: Promise<void> = this.run(destination).finally(() => this.running.delete(run));
      this.running.add(run);
    }
  }

  private async run(destination: string): Promise<void> {
    let waitUntil: number | undefined;
    try {
      waitUntil = await this.round(destination);
    } catch (error) {
      this.parts.onError(error);
      waitUntil = this.parts.now() + SHORT_WAIT_MS;
    }
    const hasNews = this.active.get(destination) === true;
    this.active.delete(destination);
    if (this.stopped) return;
    if (waitUntil !== undefined) this.sleep(destination, waitUntil);
    else if (hasNews || this.queues.get(destination)?.edus.isEmpty === false) this.ready.add(destination);
    else this.queues.delete(destination);
    this.fill();
  }

  /** When to try again; undefined when all was delivered. */
  private async round(destination: string): Promise<number | undefined> {
    const queue = this.queueOf(destination);
    const before = await this.parts.retryAt(destination);
    if (before !== undefined) {
      queue.isBehind = true;
      return before;
    }
    if ((await queue.drain()) === 'empty') return undefined;
    return (await this.parts.retryAt(destination)) ?? this.parts.now() + SHORT_WAIT_MS;
  }

  private sleep(destination: string, until: number): void {
    const ms = Math.min(Math.max(until - this.parts.now(), 0) + 1, LONGEST_TIMER_MS);
    const wake = () => this.wake(destination, true);
    this.asleep.set(destination, setTimeout(wake, ms).unref());
  }

  private queueOf(destination: string): DestinationQueue {
    const known = this.queues.get(destination);
    if (known !== undefined) return known;
    const queue = new DestinationQueue(destination, this.parts);
    this.queues.set(destination, queue);
    return queue;
  }
}
