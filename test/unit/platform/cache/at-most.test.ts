import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';

describe('a cache of at most so many entries', () => {
  it('keeps that many, and lets go of the one that was used least recently', () => {
    const gone: string[] = [];
    const dispose = (_value: number, key: string, reason: string) => reason === 'evict' && gone.push(key);
    const cache = new LRUCache<string, number>({ ...atMost(2), dispose });
    cache.set('a', 1).set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect([...cache.keys()].sort()).toEqual(['a', 'c']);
    expect(gone).toEqual(['b']);
  });

  it('counts a key that is set again once', () => {
    const cache = new LRUCache<string, number>(atMost(2));
    cache.set('a', 1).set('b', 2).set('b', 3);
    expect([...cache.entries()]).toEqual(
      expect.arrayContaining([
        ['a', 1],
        ['b', 3],
      ]),
    );
  });
});
