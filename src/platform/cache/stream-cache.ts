import { LRUCache } from 'lru-cache';
import { atMost } from './at-most';

/**
 * A bounded cache of what the database says, kept true by streams: whoever hears of a change drops the key. A read that
 * began before a drop answers its caller but is not kept, so that no old value survives its change.
 */
export class StreamCache<K extends string | number, V extends NonNullable<unknown>> {
  private readonly kept: LRUCache<K, V>;
  /** One set a read under way: the keys dropped since it began. */
  private readonly reads = new Set<Set<K>>();

  constructor(max: number) {
    this.kept = new LRUCache<K, V>(atMost(max));
  }

  /** The kept value, if there is one. */
  peek(key: K): V | undefined {
    return this.kept.get(key);
  }

  /** The kept value, or what `read` finds; undefined is not kept. */
  async load<R extends V | undefined>(key: K, read: () => Promise<R>): Promise<V | R> {
    const kept = this.kept.get(key);
    if (kept !== undefined) return kept;
    return this.whileWatching(async (dropped) => {
      const value = await read();
      if (value !== undefined && !dropped.has(key)) this.kept.set(key, value);
      return value;
    });
  }

  /** The same for many keys, with one read of all that are missing. Keys that the read leaves out are absent. */
  async loadMany(keys: readonly K[], read: (missing: readonly K[]) => Promise<ReadonlyMap<K, V>>): Promise<Map<K, V>> {
    const found = new Map<K, V>();
    const missing: K[] = [];
    for (const key of keys) {
      const kept = this.kept.get(key);
      if (kept === undefined) missing.push(key);
      else found.set(key, kept);
    }
    if (missing.length === 0) return found;
    return this.whileWatching(async (dropped) => {
      for (const [key, value] of await read(missing)) {
        found.set(key, value);
        if (!dropped.has(key)) this.kept.set(key, value);
      }
      return found;
    });
  }

  /** Forgets a key; reads under way will not keep it. */
  drop(key: K): void {
    this.kept.delete(key);
    for (const dropped of this.reads) dropped.add(key);
  }

  private async whileWatching<R>(work: (dropped: ReadonlySet<K>) => Promise<R>): Promise<R> {
    const dropped = new Set<K>();
    this.reads.add(dropped);
    try {
      return await work(dropped);
    } finally {
      this.reads.delete(dropped);
    }
  }
}
