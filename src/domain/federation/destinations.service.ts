import { randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { Storage } from '#platform/storage/storage';
import { DestinationsReader, DestinationsWriter, type BackOff } from './destinations.repository';
import { UnreachableServerError } from './federation.errors';

const FIRST_INTERVAL_MS = 30_000;
const LONGEST_INTERVAL_MS = 24 * 3_600_000;
const MAX_REMEMBERED = 20_000;
/** Other processes write the same table. */
const REMEMBERED_MS = 5 * 60_000;

/** So often, and no oftener, people may have a server asked that is left alone for longer. */
const URGENT_EVERY_MS = 10 * 60_000;

/** A server that answers, as far as we know. */
const WELL = 'well';

/**
 * Which servers cannot be reached, and when to try them again: half a minute after the first failure, doubling up to a
 * day, kept over restarts. A request to a server that is well costs no statement that writes.
 */
export class Destinations {
  private readonly known = new LRUCache<string, BackOff | typeof WELL>({
    ...atMost(MAX_REMEMBERED),
    ttl: REMEMBERED_MS,
  });
  /** When a server was last asked though it is left alone. */
  private readonly urgent = new LRUCache<string, number>(atMost(MAX_REMEMBERED));
  private readonly listeners = new Set<(destination: string) => void>();

  constructor(
    private readonly storage: Storage,
    private readonly now: Clock,
  ) {}

  /** When the server may be tried again, in epoch milliseconds; undefined for now. */
  async retryAt(destination: string): Promise<number | undefined> {
    const backOff = await this.backOffOf(destination);
    if (backOff === undefined) return undefined;
    const at = backOff.retryLastTs + backOff.retryIntervalMs;
    return at > this.now() ? at : undefined;
  }

  /** When those of some servers that did not answer may be tried again, in epoch milliseconds; may be past. */
  async failing(destinations: readonly string[]): Promise<Map<string, number>> {
    const found = await new DestinationsReader(this.storage).findAll(destinations);
    return new Map([...found].map(([name, { retryLastTs, retryIntervalMs }]) => [name, retryLastTs + retryIntervalMs]));
  }

  /**
   * Whether the server may be asked now: when it is not left alone, or when the request is `urgent`, since somebody waits for
   * the answer, and the server was not tried for ten minutes. It may be well again without having told us.
   * @throws UnreachableServerError while the server is left alone
   */
  async checkReady(destination: string, { urgent = false } = {}): Promise<void> {
    if ((await this.retryAt(destination)) === undefined) return;
    if (urgent && (await this.takeUrgent(destination))) return;
    throw new UnreachableServerError(destination, `${destination} did not answer; it is tried again later`);
  }

  /** The server has answered, or asked us something: it is well. */
  async succeeded(destination: string): Promise<void> {
    if ((await this.backOffOf(destination)) === undefined) return;
    this.known.set(destination, WELL);
    await this.storage.write((tx) => new DestinationsWriter(tx).remove(destination));
    for (const listener of this.listeners) listener(destination);
  }

  /**
   * The server did not answer. Of several requests that fail together the first counts. `atLeastMs`: how long the server
   * asks to be left alone.
   */
  async failed(destination: string, atLeastMs = 0): Promise<void> {
    const before = await this.backOffOf(destination);
    const now = this.now();
    if (before !== undefined && before.retryLastTs + before.retryIntervalMs > now) return;
    const doubled = Math.min((before?.retryIntervalMs ?? FIRST_INTERVAL_MS / 2) * 2, LONGEST_INTERVAL_MS);
    // Servers that fell silent together are not tried together.
    const interval = before === undefined ? doubled : Math.round(doubled * (0.9 + randomInt(100) / 1_000));
    const backOff = {
      failureTs: before?.failureTs ?? now,
      retryLastTs: now,
      retryIntervalMs: Math.max(interval, Math.min(atLeastMs, LONGEST_INTERVAL_MS)),
    };
    this.known.set(destination, backOff);
    await this.storage.write((tx) => new DestinationsWriter(tx).save(destination, backOff));
  }

  /** Hears of servers that are well again; returns the way to stop hearing. */
  onRecovered(listener: (destination: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async takeUrgent(destination: string): Promise<boolean> {
    const backOff = await this.backOffOf(destination);
    const last = Math.max(backOff?.retryLastTs ?? 0, this.urgent.get(destination) ?? 0);
    if (last + URGENT_EVERY_MS > this.now()) return false;
    this.urgent.set(destination, this.now());
    return true;
  }

  private async backOffOf(destination: string): Promise<BackOff | undefined> {
    const known = this.known.get(destination);
    if (known !== undefined) return known === WELL ? undefined : known;
    const found = await new DestinationsReader(this.storage).find(destination);
    this.known.set(destination, found ?? WELL);
    return found;
  }
}
