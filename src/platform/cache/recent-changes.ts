import { LRUCache } from 'lru-cache';
import { atMost } from './at-most';
import { isAfter, type Position, type Positions } from '../storage/storage';

/**
 * Remembers when each key of a stream last changed, so that a sync asks the database only about keys that have news. What
 * was forgotten, or changed before this process began to listen, counts as "perhaps".
 */
export class RecentChanges<K extends string | number> {
  private readonly last: LRUCache<K, Position>;
  private readonly floor: Map<number, number>;

  constructor(start: Positions, max: number) {
    this.floor = new Map(start);
    this.last = new LRUCache<K, Position>({
      ...atMost(max),
      dispose: (position, _key, reason) => {
        if (reason === 'evict') this.raise(position);
      },
    });
  }

  /** Notes a change. Of one key the newest counts. */
  note(key: K, position: Position): void {
    const before = this.last.get(key);
    if (before === undefined || before.writer !== position.writer || before.pos < position.pos) {
      if (before !== undefined && before.writer !== position.writer) this.raise(before);
      this.last.set(key, position);
    }
  }

  /** False only when the key certainly has not changed after `since`. */
  mayHaveChanged(key: K, since: Positions): boolean {
    const position = this.last.get(key);
    if (position !== undefined && isAfter(position, since)) return true;
    for (const [writer, pos] of this.floor) if (pos > (since.get(writer) ?? 0)) return true;
    return false;
  }

  private raise(position: Position): void {
    this.floor.set(position.writer, Math.max(this.floor.get(position.writer) ?? 0, position.pos));
  }
}
