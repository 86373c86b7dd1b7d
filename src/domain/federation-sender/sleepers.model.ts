/** Timers fire together that are due within so much of each other. */
const GRAIN_MS = 250;
const LONGEST_TIMER_MS = 3_600_000;

/** Who is left alone until when; one timer for all. */
export class Sleepers<T> {
  private readonly until = new Map<string, { readonly until: number; readonly value: T }>();
  private timer: NodeJS.Timeout | undefined;
  private armedFor = Infinity;

  constructor(
    private readonly now: () => number,
    private readonly onDue: (name: string, value: T) => void,
  ) {}

  get size(): number {
    return this.until.size;
  }

  get(name: string): T | undefined {
    return this.until.get(name)?.value;
  }

  /** @param until epoch milliseconds */
  set(name: string, until: number, value: T): void {
    this.until.set(name, { until, value });
    this.arm(until);
  }

  /** Lets somebody sleep no longer than until a time. */
  hasten(name: string, until: number): void {
    const sleeper = this.until.get(name);
    if (sleeper === undefined || sleeper.until <= until) return;
    if (until <= this.now()) this.rouse(name, sleeper.value);
    else this.set(name, until, sleeper.value);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private arm(until: number): void {
    if (until >= this.armedFor - GRAIN_MS) return;
    this.armedFor = until;
    clearTimeout(this.timer);
    const ms = Math.min(Math.max(until - this.now(), 0) + GRAIN_MS, LONGEST_TIMER_MS);
    this.timer = setTimeout(() => this.ring(), ms).unref();
  }

  private ring(): void {
    this.armedFor = Infinity;
    const now = this.now();
    let next = Infinity;
    for (const [name, { until, value }] of [...this.until]) {
      if (until <= now) this.rouse(name, value);
      else next = Math.min(next, until);
    }
    if (next < Infinity) this.arm(next);
  }

  private rouse(name: string, value: T): void {
    this.until.delete(name);
    this.onDue(name, value);
  }
}
