import type { PositionClock } from './position-clock';
import { positionSequence } from './sequence-names';
import type { Sequences } from './sequences';
import type { Change, Position, Positions, SqlValue, Storage, Tx } from './storage';
import type { StorageObserver } from './storage-observer';

/** What storage is in every dialect: news in the order of positions. */
export abstract class PublishingStorage implements Storage {
  abstract readonly dialect: Storage['dialect'];

  constructor(
    protected readonly sequences: Sequences,
    protected readonly clock: PositionClock,
    protected readonly observer: StorageObserver,
  ) {}

  abstract all<R>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  abstract get<R>(sql: string, params?: readonly SqlValue[]): Promise<R | undefined>;
  abstract write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  abstract close(): Promise<void>;

  subscribe(stream: string, listener: (change: Change) => void): () => void {
    return this.clock.subscribe(stream, listener);
  }

  announce(change: Omit<Change, 'position'>): Position {
    // Running low costs one empty transaction, which reserves the next block.
    if (this.sequences.low) this.write(async () => undefined).catch(this.observer.onListenerError);
    return this.clock.announce(change, this.sequences.next(positionSequence(this.clock.writer)));
  }

  visible(): Positions {
    return new Map([[this.clock.writer, this.clock.visible()]]);
  }
}
