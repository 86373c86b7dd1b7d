import { hash, verify } from '@node-rs/argon2';
import { InvalidParamError, LimitExceededError } from '#kernel/errors';
import { randomSecret } from '#kernel/random';
import type { PasswordConfig } from './accounts.config';
import { WeakPasswordError } from './accounts.errors';

/** Longer ones would only cost time; Argon2 has no use for them. */
export const MAX_PASSWORD_BYTES = 512;
/** Hashes at work at once: they run in the thread pool that files and name look-ups need too. */
const CONCURRENCY = 2;
const MAX_WAITING = 500;
/** Argon2id, in the library's numbering. */
const ARGON2ID = 2;

/** Hashes and checks passwords with Argon2id, off the main thread, a few at a time. */
export class Passwords {
  private decoy: Promise<string> | undefined;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly config: PasswordConfig) {}

  /** Checks what a new password must be. @throws WeakPasswordError, InvalidParamError */
  assertAcceptable(password: string): void {
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
      throw new InvalidParamError(`password: longer than ${MAX_PASSWORD_BYTES} bytes`);
    }
    if ([...password].length < Math.max(1, this.config.minLength)) {
      throw new WeakPasswordError(`password: must have at least ${Math.max(1, this.config.minLength)} characters`);
    }
  }

  /** The encoded hash to store, salt and cost included. */
  async hash(password: string): Promise<string> {
    this.assertAcceptable(password);
    return this.queued(() => this.compute(password));
  }

  /**
   * Whether the password belongs to the hash. Without a hash (no such account, or one without a password) it works as long
   * and says no, so that the time taken does not tell which names exist.
   */
  async verify(stored: string | null | undefined, password: string): Promise<boolean> {
    if (password === '' || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
    this.decoy ??= this.compute(randomSecret());
    const against = stored ?? (await this.decoy);
    const matches = await this.queued(() => verify(against, password));
    return matches && stored !== null && stored !== undefined;
  }

  private compute(password: string): Promise<string> {
    const { memoryKib, iterations, parallelism } = this.config;
    return hash(password, { algorithm: ARGON2ID, memoryCost: memoryKib, timeCost: iterations, parallelism });
  }

  private async queued<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting.length >= MAX_WAITING) throw new LimitExceededError(5_000, 'Too many sign-ins at once');
    if (this.running >= CONCURRENCY) await new Promise<void>((go) => this.waiting.push(go));
    else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
