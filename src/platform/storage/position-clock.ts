import type { Change, Position } from './storage';

/** The positions one transaction took; it is finished once, after commit or rollback. */
export interface PositionLease {
  first: number | undefined;
  changes: Change[];
}

/**
 * Decides when positions become visible. Transactions of one process may commit out of order; a position is visible only
 * when all before it have ended, so that a reader who has seen n never misses n-1. News is delivered in that order.
 */
export class PositionClock {
  private readonly open = new Set<PositionLease>();
  private waiting: Change[] = [];
  private newest: number;
  private readonly listeners = new Map<string, Set<(change: Change) => void>>();

  constructor(
    readonly writer: number,
    start: number,
    private readonly onListenerError: (error: unknown) => void,
  ) {
    this.newest = start;
  }

  begin(): PositionLease {
    const lease: PositionLease = { first: undefined, changes: [] };
    this.open.add(lease);
    return lease;
  }

  /** Notes that `lease` took `pos`. Positions are taken in rising order. */
  take(lease: PositionLease, pos: number): void {
    lease.first ??= pos;
    this.newest = Math.max(this.newest, pos);
  }

  /** Ends a lease. Its changes are delivered as soon as everything before them has ended. */
  finish(lease: PositionLease, committed: boolean): void {
    this.open.delete(lease);
    if (committed && lease.changes.length > 0) this.waiting.push(...lease.changes);
    this.deliver();
  }

  /** Publishes a change that needs no transaction, at position `pos`. */
  announce(change: Omit<Change, 'position'>, pos: number): Position {
    const position = { writer: this.writer, pos };
    const lease = this.begin();
    this.take(lease, pos);
    lease.changes.push({ ...change, position });
    this.finish(lease, true);
    return position;
  }

  /** The newest position before which nothing is open. */
  visible(): number {
    let limit = this.newest;
    for (const lease of this.open) if (lease.first !== undefined && lease.first <= limit) limit = lease.first - 1;
    return limit;
  }

  subscribe(stream: string, listener: (change: Change) => void): () => void {
    const set = this.listeners.get(stream) ?? new Set();
    this.listeners.set(stream, set.add(listener));
    return () => set.delete(listener);
  }

  private deliver(): void {
    if (this.waiting.length === 0) return;
    const limit = this.visible();
    const ready = this.waiting.filter((change) => change.position.pos <= limit);
    if (ready.length === 0) return;
    this.waiting = this.waiting.filter((change) => change.position.pos > limit);
    ready.sort((a, b) => a.position.pos - b.position.pos);
    for (const change of ready) this.tell(change);
  }

  private tell(change: Change): void {
    for (const listener of this.listeners.get(change.stream) ?? []) {
      try {
        listener(change);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }
}
