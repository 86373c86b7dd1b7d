import type { PositionClock, PositionLease } from './position-clock';
import { positionSequence, type SequenceName } from './sequence-names';
import type { Sequences } from './sequences';
import type { Change, Position, Row, SqlValue, Tx } from './storage';

/** What a transaction is in every dialect: numbers taken from the sequences, and news kept back until the commit. */
export abstract class Transaction implements Tx {
  /** To be delivered once the transaction is committed. */
  readonly changes: Change[] = [];
  /** To be run once the transaction is committed. */
  readonly hooks: (() => void)[] = [];

  constructor(
    private readonly sequences: Sequences,
    private readonly clock: PositionClock,
    private readonly lease: PositionLease,
  ) {}

  abstract all<R>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  abstract get<R>(sql: string, params?: readonly SqlValue[]): Promise<R | undefined>;
  abstract run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  abstract insert(table: string, rows: Row | readonly Row[]): Promise<void>;
  abstract insertIgnore(table: string, key: readonly string[], row: Row): Promise<boolean>;
  abstract upsert(
    table: string,
    key: readonly string[],
    rows: Row | readonly Row[],
    update?: readonly string[],
  ): Promise<void>;

  id(sequence: SequenceName): number {
    return this.sequences.next(sequence);
  }

  position(): Position {
    const pos = this.sequences.next(positionSequence(this.clock.writer));
    this.clock.take(this.lease, pos);
    return { writer: this.clock.writer, pos };
  }

  publish(change: Change): void {
    this.changes.push(change);
  }

  afterCommit(hook: () => void): void {
    this.hooks.push(hook);
  }
}
