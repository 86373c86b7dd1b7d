import type { Storage, Tx } from '#platform/storage/storage';
import { ALICE, BOB, member, startRoom, text, topic } from './elsewhere-room';
import type { Node } from '../../protocol/state-resolution/test-dag';

interface Counts {
  reads: number;
  transactions: number;
}

/** Counts the reads outside of transactions, and these. */
const counting =
  (counts: Counts) =>
  (storage: Storage): Storage =>
    new Proxy(storage, {
      get(target, name) {
        if (name === 'write') {
          return <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
            counts.transactions++;
            return target.write(work);
          };
        }
        if (name === 'all' || name === 'get') counts.reads++;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

describe('a transaction of fifty events that follow one another', () => {
  it.each([
    ['messages', (index: number) => text(index % 2 === 0 ? ALICE : BOB, `message ${index}`)],
    ['state', (index: number) => topic(ALICE, `topic ${index}`)],
    ['members', (index: number) => member(BOB, BOB, index % 2 === 0 ? 'leave' : 'join')],
  ])('is read around and written a few times in all: %s', async (_name, action) => {
    const counts: Counts = { reads: 0, transactions: 0 };
    const rig = await startRoom('11', {}, [], counting(counts));
    try {
      const nodes: Node[] = [rig.joined];
      for (let i = 0; i < 50; i++) nodes.push(rig.dag.add([nodes.at(-1)!], action(i)));
      Object.assign(counts, { reads: 0, transactions: 0 });
      const outcomes = await rig.receive(...nodes.slice(1).map(({ pdu }) => pdu));
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['accepted']));
      expect(counts.reads).toBeLessThanOrEqual(25);
      expect(counts.transactions).toBeLessThanOrEqual(5);
    } finally {
      await rig.stop();
    }
  });

  it('costs as little when all of it is there already', async () => {
    const counts: Counts = { reads: 0, transactions: 0 };
    const rig = await startRoom('11', {}, [], counting(counts));
    try {
      const nodes: Node[] = [rig.joined];
      for (let i = 0; i < 50; i++) nodes.push(rig.dag.add([nodes.at(-1)!], text(ALICE, `message ${i}`)));
      const pdus = nodes.slice(1).map(({ pdu }) => pdu);
      await rig.receive(...pdus);
      Object.assign(counts, { reads: 0, transactions: 0 });
      const outcomes = await rig.receive(...pdus);
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['known']));
      expect(counts.reads).toBeLessThanOrEqual(25);
      expect(counts.transactions).toBe(0);
    } finally {
      await rig.stop();
    }
  });
});
