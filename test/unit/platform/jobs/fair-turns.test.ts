import { setImmediate as turn } from 'node:timers/promises';
import { FairTurns } from '#platform/jobs/fair-turns';

/** Jobs that end when told to, and the order in which they began. */
function jobs() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const job = (name: string) => () =>
    new Promise<void>((resolve) => {
      begun.push(name);
      ends.push(resolve);
    });
  const end = async () => {
    ends.shift()?.();
    await turn();
  };
  return { begun, job, end };
}

const count = (begun: readonly string[], party: string) => begun.filter((name) => name === party).length;

describe('turns among parties', () => {
  it('leave half of all places to others, however much one party wants', () => {
    const turns = new FairTurns({ running: 8, waiting: 100 });
    const { begun, job } = jobs();
    for (let i = 0; i < 20; i++) turns.take('greedy', job('greedy'));
    expect(count(begun, 'greedy')).toBe(4);
    turns.take('modest', job('modest'));
    expect(count(begun, 'modest')).toBe(1);
  });

  it('leave a place to the next when several are greedy', () => {
    const turns = new FairTurns({ running: 64, waiting: 5_000 });
    const { begun, job } = jobs();
    for (const party of ['a', 'b', 'c', 'd', 'e']) for (let i = 0; i < 64; i++) turns.take(party, job(party));
    expect(['a', 'b', 'c', 'd', 'e'].map((party) => count(begun, party))).toEqual([32, 16, 8, 4, 2]);
    turns.take('last', job('last'));
    expect(count(begun, 'last')).toBe(1);
  });

  it('go round among those that wait', async () => {
    const turns = new FairTurns({ running: 1, waiting: 100 });
    const { begun, job, end } = jobs();
    for (const party of ['a', 'a', 'a', 'b', 'b', 'c']) turns.take(party, job(party));
    for (let i = 0; i < 6; i++) await end();
    expect(begun).toEqual(['a', 'a', 'b', 'c', 'a', 'b']);
  });

  it('are refused to a party when half of all that may wait are its own, and not to others', () => {
    const turns = new FairTurns({ running: 1, waiting: 10 });
    const { job } = jobs();
    const taken = Array.from({ length: 10 }, () => turns.take('greedy', job('greedy')));
    expect(taken.filter(Boolean)).toHaveLength(6);
    expect(turns.take('modest', job('modest'))).toBe(true);
  });

  it('are all given in the end', async () => {
    const turns = new FairTurns({ running: 3, waiting: 1_000 });
    const { begun, job, end } = jobs();
    for (let i = 0; i < 40; i++) turns.take(`party ${i % 7}`, job('x'));
    for (let i = 0; i < 40; i++) await end();
    expect(begun).toHaveLength(40);
  });
});
