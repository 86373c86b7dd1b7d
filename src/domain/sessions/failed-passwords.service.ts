import { LRUCache } from 'lru-cache';
import { LimitExceededError } from '#kernel/errors';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { FailedPasswordsConfig } from './sessions.config';

interface Failures {
  readonly count: number;
  readonly sinceTs: number;
}

const MAX_REMEMBERED = 100_000;

/**
 * Slows down guessing at one account from many addresses, at login and in user-interactive authentication alike. Sessions
 * that are signed in go on. Kept in memory: each process counts for itself.
 */
export class FailedPasswords {
  private readonly failures = new LRUCache<string, Failures>(atMost(MAX_REMEMBERED));

  /** @param config null: as many as anyone likes */
  constructor(
    private readonly config: FailedPasswordsConfig | null,
    private readonly now: Clock,
  ) {}

  /**
   * Counts a try before it is made, so that many at once do not slip through.
   * @throws LimitExceededError when the name has had its share
   */
  countTry(name: string): void {
    if (this.config === null) return;
    const { count, sinceTs } = this.current(name) ?? { count: 0, sinceTs: this.now() };
    if (count >= this.config.attempts) {
      throw new LimitExceededError(sinceTs + this.config.periodMs - this.now(), 'Too many wrong passwords');
    }
    this.failures.set(name, { count: count + 1, sinceTs });
  }

  /** Forgets the tries: whoever knows the right one is no guesser. */
  succeeded(name: string): void {
    this.failures.delete(name);
  }

  private current(name: string): Failures | undefined {
    const failures = this.failures.get(name);
    const isOver = failures !== undefined && failures.sinceTs + (this.config?.periodMs ?? 0) <= this.now();
    return isOver ? undefined : failures;
  }
}
