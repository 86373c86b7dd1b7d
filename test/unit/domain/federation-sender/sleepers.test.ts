import { Sleepers } from '../../../../src/domain/federation-sender/sleepers.model';

describe('those that are left alone for a while', () => {
  let woken: string[];
  let sleepers: Sleepers<number>;
  beforeEach(() => {
    jest.useFakeTimers();
    woken = [];
    sleepers = new Sleepers(Date.now, (name) => woken.push(name));
  });
  afterEach(() => {
    sleepers.stop();
    jest.useRealTimers();
  });

  it('share one timer and are woken when it is time, in whatever order they came', () => {
    const now = Date.now();
    for (let i = 1_000; i > 0; i--) sleepers.set(`server ${i}`, now + i * 1_000, i);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(3_500);
    expect(woken.sort()).toEqual(['server 1', 'server 2', 'server 3']);
    jest.advanceTimersByTime(1_000_000);
    expect(woken).toHaveLength(1_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can be woken earlier, and never later than they were to be', () => {
    const now = Date.now();
    sleepers.set('a', now + 60_000, 1);
    sleepers.hasten('a', now + 90_000);
    sleepers.hasten('a', now + 10_000);
    jest.advanceTimersByTime(9_000);
    expect(woken).toEqual([]);
    jest.advanceTimersByTime(2_000);
    expect(woken).toEqual(['a']);
    sleepers.set('b', now + 600_000, 1);
    sleepers.hasten('b', now);
    expect(woken).toEqual(['a', 'b']);
  });

  it('may sleep longer than any timer', () => {
    sleepers.set('a', Date.now() + 24 * 3_600_000, 1);
    jest.advanceTimersByTime(23 * 3_600_000);
    expect(woken).toEqual([]);
    jest.advanceTimersByTime(3_600_001);
    expect(woken).toEqual(['a']);
  });
});
