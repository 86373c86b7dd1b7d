import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Clock } from '#kernel/time';

/** After a good answer a server is not asked again for so long, whatever keys somebody claims it has. */
const PAUSE_MS = 10_000;
const FIRST_BACK_OFF_MS = 10_000;
/** Not for longer: a server that comes back with another key is refused until it is asked. */
const LONGEST_BACK_OFF_MS = 600_000;
const MAX_REMEMBERED = 20_000;

interface Attempt {
  readonly next: number;
  readonly backOffMs: number;
}

/** Which servers were asked for keys just now, and which do not answer: those are left alone, longer each time. */
export class KeyAttempts {
  private readonly attempts = new LRUCache<string, Attempt>(atMost(MAX_REMEMBERED));

  constructor(private readonly now: Clock) {}

  /** Whether a server may be asked now. */
  isDue(serverName: string): boolean {
    return (this.attempts.get(serverName)?.next ?? 0) <= this.now();
  }

  /** The server has answered, or somebody has for it. */
  succeeded(serverName: string): void {
    this.attempts.set(serverName, { backOffMs: 0, next: this.now() + PAUSE_MS });
  }

  /** The server has answered, and may be asked for something else at once. */
  answered(serverName: string): void {
    this.attempts.delete(serverName);
  }

  failed(serverName: string): void {
    const before = this.attempts.get(serverName)?.backOffMs ?? 0;
    const backOffMs = before === 0 ? FIRST_BACK_OFF_MS : Math.min(before * 2, LONGEST_BACK_OFF_MS);
    this.attempts.set(serverName, { backOffMs, next: this.now() + backOffMs });
  }
}
