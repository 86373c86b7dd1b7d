import fc from 'fast-check';
import { SnapshotWriter, Snapshots, stateMapKey, type SnapshotNode, type StateEntry } from '#domain/room-state';
import { startTestStorage, type TestStorage } from '../../../support/storage';

let database: TestStorage;
beforeAll(async () => {
  database = await startTestStorage();
});
afterAll(() => database.stop());

/** Makes one snapshot per change, key n of six; answers the snapshots and the states they hold. */
async function history(keys: readonly number[]): Promise<{ nodes: SnapshotNode[]; states: Map<string, number>[] }> {
  return database.storage.write(async (tx) => {
    const writer = new SnapshotWriter(tx);
    const nodes: SnapshotNode[] = [];
    const states: Map<string, number>[] = [];
    for (const key of keys) {
      const entry: StateEntry = { type: 'm.room.member', stateKey: `@user${key}:x`, eventNid: tx.id('event') };
      nodes.push(await writer.append(1, nodes.at(-1), [entry]));
      states.push(new Map(states.at(-1)).set(stateMapKey(entry.type, entry.stateKey), entry.eventNid));
    }
    await writer.flush();
    return { nodes, states };
  });
}

test('the changes between two states are the entries that differ, however many nodes lie between', async () => {
  const keys = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(keys, fc.nat(), fc.nat(), async (changes, a, b) => {
      const { nodes, states } = await history(changes);
      const [older, newer] = [a % nodes.length, b % nodes.length].sort((x, y) => x - y) as [number, number];
      const found = await new Snapshots(database.storage).changedBetween(nodes[older]!.nid, nodes[newer]!.nid);
      const expected = [...states[newer]!].filter(([key, nid]) => states[older]!.get(key) !== nid);
      const asMap = new Map(found.map((entry) => [stateMapKey(entry.type, entry.stateKey), entry.eventNid]));
      expect(asMap).toEqual(new Map(expected));
      expect(found).toHaveLength(expected.length);
    }),
    { numRuns: 40 },
  );
});

test('all of a state has changed since the empty one', async () => {
  const { nodes, states } = await history([0, 1, 0, 2]);
  const found = await new Snapshots(database.storage).changedBetween(0, nodes.at(-1)!.nid);
  expect(found.map((entry) => entry.eventNid).sort()).toEqual([...states.at(-1)!.values()].sort());
});
