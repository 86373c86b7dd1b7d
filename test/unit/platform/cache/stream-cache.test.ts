import { RecentChanges } from '#platform/cache/recent-changes';
import { StreamCache } from '#platform/cache/stream-cache';

describe('StreamCache', () => {
  it('reads a key once and again after it was dropped', async () => {
    const cache = new StreamCache<string, number>(10);
    let value = 1;
    const read = async () => value;
    expect(await cache.load('a', read)).toBe(1);
    value = 2;
    expect(await cache.load('a', read)).toBe(1);
    cache.drop('a');
    expect(await cache.load('a', read)).toBe(2);
  });

  it('does not keep what was read before a drop', async () => {
    const cache = new StreamCache<string, number>(10);
    let finish: (value: number) => void = () => undefined;
    const slow = cache.load('a', () => new Promise<number>((resolve) => (finish = resolve)));
    cache.drop('a');
    finish(1);
    expect(await slow).toBe(1);
    expect(cache.peek('a')).toBeUndefined();
  });

  it('asks in one read for the keys that are missing only', async () => {
    const cache = new StreamCache<number, string>(10);
    const asked: (readonly number[])[] = [];
    const read = async (missing: readonly number[]) => {
      asked.push(missing);
      return new Map(missing.filter((key) => key !== 3).map((key) => [key, `v${key}`]));
    };
    await cache.loadMany([1], read);
    expect([...(await cache.loadMany([1, 2, 3], read))]).toEqual([
      [1, 'v1'],
      [2, 'v2'],
    ]);
    expect(asked).toEqual([[1], [2, 3]]);
  });
});

describe('RecentChanges', () => {
  const at = (pos: number) => ({ writer: 1, pos });
  const since = (pos: number) => new Map([[1, pos]]);

  it('knows which keys have no news', () => {
    const changes = new RecentChanges<string>(since(5), 10);
    changes.note('a', at(8));
    expect(changes.mayHaveChanged('a', since(7))).toBe(true);
    expect(changes.mayHaveChanged('a', since(8))).toBe(false);
    expect(changes.mayHaveChanged('b', since(5))).toBe(false);
  });

  it('says perhaps about times before it began to listen and about keys it had to forget', () => {
    const changes = new RecentChanges<string>(since(5), 1);
    expect(changes.mayHaveChanged('b', since(4))).toBe(true);
    changes.note('a', at(8));
    changes.note('b', at(9));
    expect(changes.mayHaveChanged('a', since(7))).toBe(true);
    expect(changes.mayHaveChanged('a', since(9))).toBe(false);
  });
});
