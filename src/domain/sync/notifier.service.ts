/** Why a wait ended: news, its time, the client went away or the server stops, its session was revoked. */
export type WakeReason = 'news' | 'timeout' | 'gone' | 'revoked';

/** Requests resumed per turn of the event loop, so that a busy room's readers do not hold up its writers. */
const RESUMED_PER_TURN = 16;

/**
 * One waiting request. It is registered before its request first looks, and remembers news that comes while the request
 * is looking: a wake-up between looking and sleeping is not lost.
 */
export class Waiter {
  private reason: WakeReason | undefined;
  private resume: (() => void) | undefined;

  constructor(
    readonly userId: string,
    readonly tokenId: number,
  ) {}

  /** True when the wait is over for good: there is no more to sleep for. */
  private get ended(): boolean {
    return this.reason !== undefined && this.reason !== 'news';
  }

  get revoked(): boolean {
    return this.reason === 'revoked';
  }

  /** Notes `reason`, which never turns back from an end to news; a revocation counts in any case. Returns what resumes the sleeper, if there is one. */
  signal(reason: WakeReason): (() => void) | undefined {
    if (!this.ended || reason === 'revoked') this.reason = reason;
    const { resume } = this;
    this.resume = undefined;
    return resume;
  }

  /** Resolves at once when something was signalled since the last sleep, else with the next signal. */
  async sleep(): Promise<WakeReason> {
    if (this.reason === undefined) await new Promise<void>((resume) => (this.resume = resume));
    const reason = this.reason!;
    if (!this.ended) this.reason = undefined;
    return reason;
  }
}

/** Who waits. A waiting request costs one small object, one timer and its own stack; nothing runs while nothing happens. */
export class Notifier {
  private readonly byUser = new Map<string, Set<Waiter>>();
  private readonly resuming: (() => void)[] = [];
  private stopped = false;

  constructor(private readonly maxPerUser: number) {}

  /** Registers a request. Call {@link Notifier.remove} when it is answered. */
  add(userId: string, tokenId: number): Waiter {
    const waiter = new Waiter(userId, tokenId);
    const waiters = this.byUser.get(userId) ?? new Set();
    this.byUser.set(userId, waiters.add(waiter));
    if (waiters.size > this.maxPerUser) for (const oldest of waiters) return this.replace(oldest, waiter);
    if (this.stopped) waiter.signal('gone');
    return waiter;
  }

  remove(waiter: Waiter): void {
    const waiters = this.byUser.get(waiter.userId);
    if (waiters?.delete(waiter) && waiters.size === 0) this.byUser.delete(waiter.userId);
  }

  /** Users with a waiting request. */
  get users(): ReadonlyMap<string, unknown> {
    return this.byUser;
  }

  /** There is news for a user. */
  wake(userId: string): void {
    for (const waiter of this.byUser.get(userId) ?? []) this.soon(waiter.signal('news'));
  }

  /** There is news for all of `userIds`; costs only what the smaller of the two sets, they or the waiting, costs. */
  wakeAll(userIds: ReadonlySet<string>): void {
    if (userIds.size < this.byUser.size) {
      for (const userId of userIds) this.wake(userId);
    } else {
      for (const userId of this.byUser.keys()) if (userIds.has(userId)) this.wake(userId);
    }
  }

  /** Ends the waits of access tokens that no longer count. */
  revoke(userId: string, tokenIds: readonly number[]): void {
    for (const waiter of this.byUser.get(userId) ?? []) {
      if (tokenIds.includes(waiter.tokenId)) waiter.signal('revoked')?.();
    }
  }

  /** Ends a user's waits as if their time were up. */
  release(userId: string): void {
    for (const waiter of this.byUser.get(userId) ?? []) waiter.signal('timeout')?.();
  }

  /** Ends every wait, now and later: the server stops. */
  stop(): void {
    this.stopped = true;
    for (const waiters of this.byUser.values()) for (const waiter of waiters) waiter.signal('gone')?.();
  }

  private replace(oldest: Waiter, newest: Waiter): Waiter {
    this.remove(oldest);
    oldest.signal('timeout')?.();
    return newest;
  }

  private soon(resume: (() => void) | undefined): void {
    if (resume === undefined) return;
    this.resuming.push(resume);
    if (this.resuming.length === 1) setImmediate(() => this.resumeSome());
  }

  private resumeSome(): void {
    for (const resume of this.resuming.splice(0, RESUMED_PER_TURN)) resume();
    if (this.resuming.length > 0) setImmediate(() => this.resumeSome());
  }
}
