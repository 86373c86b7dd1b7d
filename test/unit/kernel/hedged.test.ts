import { firstToHelp, type HedgedQuestion } from '#kernel/hedged';

const never = new Promise<never>(() => undefined);

describe('several sources that are asked for the same', () => {
  let asked: string[];
  let calledOff: string[];
  beforeEach(() => {
    asked = [];
    calledOff = [];
    jest.useFakeTimers();
  });
  afterEach(() => jest.useRealTimers());

  const answers = (of: Readonly<Record<string, () => Promise<string | undefined>>>): HedgedQuestion<string> => {
    return (source, signal) => {
      asked.push(source);
      signal.addEventListener('abort', () => calledOff.push(source));
      return of[source]!();
    };
  };
  const after = (ms: number, answer: string | undefined) => () =>
    new Promise<string | undefined>((resolve) => setTimeout(() => resolve(answer), ms));
  const first = (of: Parameters<typeof answers>[0], totalMs = 60_000) =>
    firstToHelp(Object.keys(of), answers(of), { patienceMs: () => 5_000, totalMs });

  it('are asked no further than the first that helps', async () => {
    await expect(first({ a: async () => 'of a', b: async () => 'of b' })).resolves.toBe('of a');
    expect(asked).toEqual(['a']);
  });

  it('are asked one after another, at once, while they have nothing or fail', async () => {
    const fails = async () => Promise.reject(new Error('no'));
    await expect(first({ a: async () => undefined, b: fails, c: async () => 'of c' })).resolves.toBe('of c');
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('do not wait for one that stalls longer than there is patience, and call it off when another has helped', async () => {
    const helped = first({ a: () => never, b: async () => 'of b' });
    await jest.advanceTimersByTimeAsync(4_999);
    expect(asked).toEqual(['a']);
    await jest.advanceTimersByTimeAsync(1);
    await expect(helped).resolves.toBe('of b');
    expect(calledOff).toEqual(['a', 'b']);
  });

  it('may help late, when those asked beside them have nothing', async () => {
    const helped = first({ a: after(20_000, 'of a'), b: async () => undefined, c: () => never });
    await jest.advanceTimersByTimeAsync(20_000);
    await expect(helped).resolves.toBe('of a');
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('are all given up when the time is over, and nobody else is asked', async () => {
    const helped = first({ a: () => never, b: () => never, c: () => never }, 8_000);
    await jest.advanceTimersByTimeAsync(8_000);
    await expect(helped).resolves.toBeUndefined();
    expect(asked).toEqual(['a', 'b']);
    expect(calledOff).toEqual(['a', 'b']);
  });

  it('are asked no further, and called off, when it does not matter any more', async () => {
    const ending = new AbortController();
    const of = { a: () => never, b: () => never };
    const helped = firstToHelp(Object.keys(of), answers(of), {
      patienceMs: () => 5_000,
      totalMs: 60_000,
      signal: ending.signal,
    });
    ending.abort();
    await expect(helped).resolves.toBeUndefined();
    expect([asked, calledOff]).toEqual([['a'], ['a']]);
  });

  it('have failed as the first of them did, when none helps', async () => {
    const fails = (why: string) => async () => Promise.reject(new Error(why));
    await expect(first({ a: async () => undefined, b: fails('away'), c: fails('mute') })).rejects.toThrow('away');
    await expect(first({})).resolves.toBeUndefined();
  });
});
