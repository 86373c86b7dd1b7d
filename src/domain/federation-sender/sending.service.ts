import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Owed } from './checkpoint.job';
import { DestinationQueue, type QueueParts } from './destination-queue.service';
import type { LocalEdu } from './edu-buffer.model';
import type { Away } from './failure.model';
import { Lane } from './lane.model';
import type { OutboxRow } from './outbox.repository';
import { AFRESH, BEHIND, type Resumption } from './resumption.model';
import { Sleepers } from './sleepers.model';

/** Transactions under way at one time, to servers that answer and to those that did not: these may take a minute each. */
const AT_ONCE = 100;
const DOUBTFUL_AT_ONCE = 20;
/** How long to wait before trying a server again with which something went wrong that is not its fault. */
const SHORT_WAIT_MS = 5_000;
/** A server that asks us something is tried again, but not for each of its requests. */
const LEAST_WAIT_MS = 10_000;
/** Servers and rooms of which is remembered that the database has a row. Of others it is written again. */
const REMEMBERED_ROWS = 100_000;
const GRACE_MS = 3_000;

export interface SendingParts extends QueueParts {
  /** Which servers are tried again, and when. */
  readonly destinations: {
    /** When the server may be tried again, in epoch milliseconds; undefined for now. */
    retryAt(destination: string): Promise<number | undefined>;
    succeeded(destination: string): Promise<void>;
    failed(destination: string, atLeastMs: number): Promise<void>;
  };
  readonly now: () => number;
}

/** Why a server is left alone, and how to go on afterwards. */
interface Sleep {
  readonly since: number;
  readonly resumption: Resumption;
}

/**
 * Works off the queues of all servers, some at a time and one transaction each in turn. In memory is only who is being sent
 * to or has something to be sent; of a server that is left alone, until when.
 */
export class Sending {
  private readonly queues = new Map<string, DestinationQueue>();
  private readonly steady = new Lane(AT_ONCE);
  private readonly doubtful = new Lane(DOUBTFUL_AT_ONCE);
  private readonly asleep: Sleepers<Sleep>;
  /** Rows of servers and rooms that are there for as long as {@link Resumption.rows} stays the same. */
  private readonly rows = new LRUCache<string, symbol>(atMost(REMEMBERED_ROWS));
  private readonly running = new Set<Promise<void>>();
  private readonly ending = new AbortController();
  private stopped = false;

  constructor(private readonly parts: SendingParts) {
    this.asleep = new Sleepers(parts.now, (destination, { resumption }) => this.roused(destination, resumption));
  }

  /** What is held for servers, in objects: for those who watch over memory. */
  get size(): { readonly queues: number; readonly asleep: number } {
    return { queues: this.queues.size, asleep: this.asleep.size };
  }

  /** Goes on with a server that the database has rows of. `retryAt`: it did not answer, and is left alone until then. */
  pickUp(destination: string, retryAt: number | undefined): void {
    const known = this.queues.get(destination);
    if (known !== undefined) known.resume(known.rest());
    else if (retryAt === undefined) this.roused(destination, AFRESH);
    else this.asleep.set(destination, retryAt, { since: 0, resumption: BEHIND });
  }

  /** A server lacks an event. Nothing is kept of it when it is left alone and lacks earlier ones of that room anyway. */
  lacks(destination: string, { roomNid, ordinal, alsoServer }: OutboxRow): void {
    const sleep = this.asleep.get(destination);
    const hasRow = sleep !== undefined && this.rows.get(rowKey(destination, roomNid)) === sleep.resumption.rows;
    if (hasRow && destination !== alsoServer) return;
    this.queueOf(destination).backlog.add(roomNid, ordinal, this.parts.checkpoint.generation);
    if (sleep === undefined) this.ask(destination);
  }

  /** The database has copies of events for a server; one that is left alone gets them when it is tried again. */
  lacksCopies(destination: string): void {
    if (this.asleep.get(destination) !== undefined) return;
    this.queueOf(destination).lacksCopies();
    this.ask(destination);
  }

  /** Sends an EDU soon; to servers that are left alone nothing but, later, receipts. */
  edu(destination: string, edu: LocalEdu): void {
    if (this.stopped || this.asleep.get(destination) !== undefined) {
      if (edu.receipt !== undefined) this.parts.missedReceipts.note(destination, edu.receipt);
      return;
    }
    this.queueOf(destination).addEdu(edu);
    this.ask(destination);
  }

  /** A server is there again: it has answered somebody else, or asked us something. */
  recovered(destination: string): void {
    const sleep = this.asleep.get(destination);
    if (sleep !== undefined) this.asleep.hasten(destination, sleep.since + LEAST_WAIT_MS);
  }

  /** All that servers lack, as far as it is in memory. */
  *owed(): Generator<Owed> {
    for (const [destination, { backlog }] of this.queues)
      for (const lack of backlog.lacks()) yield { destination, lack };
  }

  /** The database has it: for a server that is left alone that is enough. */
  saved({ destination, lack }: Owed): void {
    const queue = this.queues.get(destination);
    const sleep = this.asleep.get(destination);
    if (queue === undefined || sleep === undefined) return;
    this.rows.set(rowKey(destination, lack.roomNid), sleep.resumption.rows);
    queue.letGo(lack);
    if (queue.isEmptyHanded) this.queues.delete(destination);
  }

  /** Ends after the transactions under way, or soon without them. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.asleep.stop();
    this.steady.clear();
    this.doubtful.clear();
    const timer = setTimeout(() => this.ending.abort(), GRACE_MS);
    await Promise.all(this.running);
    clearTimeout(timer);
    for (const queue of this.queues.values()) queue.dropEdus();
  }

  private ask(destination: string): void {
    if (!this.doubtful.has(destination)) this.steady.ask(destination);
    this.fill();
  }

  private roused(destination: string, resumption: Resumption): void {
    const known = this.queues.get(destination);
    if (known === undefined) this.queues.set(destination, new DestinationQueue(destination, this.parts, resumption));
    else known.resume(resumption);
    this.doubtful.ask(destination);
    this.fill();
  }

  private fill(): void {
    for (const lane of [this.steady, this.doubtful]) {
      for (let next = this.stopped ? undefined : lane.next(); next !== undefined; next = lane.next()) {
        const run: Promise<void> = this.run(lane, next).finally(() => this.running.delete(run));
        this.running.add(run);
      }
    }
  }

  private async run(lane: Lane, destination: string): Promise<void> {
    const queue = this.queueOf(destination);
    let waitUntil: number | undefined;
    try {
      waitUntil = await this.turn(queue);
    } catch (error) {
      this.parts.onError(error);
      waitUntil = this.parts.now() + SHORT_WAIT_MS;
    }
    lane.ended(destination);
    if (this.stopped) return;
    if (waitUntil !== undefined) this.sleep(queue, waitUntil);
    else if (queue.hasWork) this.steady.ask(destination);
    else this.queues.delete(destination);
    this.fill();
  }

  private sleep(queue: DestinationQueue, until: number): void {
    const { destination } = queue;
    this.asleep.set(destination, until, { since: this.parts.now(), resumption: queue.rest() });
    if (queue.isEmptyHanded) this.queues.delete(destination);
  }

  /** One transaction. When to try again; undefined for now. */
  private async turn(queue: DestinationQueue): Promise<number | undefined> {
    const { destinations } = this.parts;
    const { destination } = queue;
    const before = await destinations.retryAt(destination);
    if (before !== undefined) {
      queue.missOut();
      return before;
    }
    const outcome = await queue.sendNext(this.ending.signal);
    if (outcome === 'answered') await destinations.succeeded(destination);
    return typeof outcome === 'string' ? undefined : this.leaveAlone(destination, outcome);
  }

  private async leaveAlone(destination: string, { retryAfterMs }: Away): Promise<number> {
    const { destinations, now } = this.parts;
    if (!this.ending.signal.aborted) await destinations.failed(destination, retryAfterMs);
    return (await destinations.retryAt(destination)) ?? now() + SHORT_WAIT_MS;
  }

  private queueOf(destination: string): DestinationQueue {
    const known = this.queues.get(destination);
    if (known !== undefined) return known;
    const queue = new DestinationQueue(destination, this.parts);
    this.queues.set(destination, queue);
    return queue;
  }
}

function rowKey(destination: string, roomNid: number): string {
  return `${roomNid} ${destination}`;
}
