import { randomInt } from 'node:crypto';
import {
  Snapshots,
  SnapshotWriter,
  stateMapKey,
  type SnapshotNode,
  type StateEntry,
} from '../../../../src/domain/room-state';
import { startTestStorage, type TestStorage } from '../../../support/storage';

type Naive = ReadonlyMap<string, StateEntry>;

interface Known {
  readonly node: SnapshotNode | undefined;
  readonly state: Naive;
}

const ROOM = 1;

/** One to three changes of few keys, so that they meet often; a tenth take a key away. */
function someChanges(count: number): StateEntry[] {
  const changes = new Map<string, StateEntry>();
  for (let i = 0; i < count; i++) {
    const type = ['m.room.member', 'm.room.name', 'x', 'm.room.membe'][randomInt(4)]!;
    const stateKey = ['', 'r', '@a:b', '@c:d', `k${randomInt(40)}`][randomInt(5)]!;
    const eventNid = randomInt(10) === 0 ? 0 : 1 + randomInt(1_000_000);
    changes.set(stateMapKey(type, stateKey), { type, stateKey, eventNid });
  }
  return [...changes.values()];
}

function apply(state: Naive, changes: readonly StateEntry[]): Naive {
  const next = new Map(state);
  for (const entry of changes) {
    const key = stateMapKey(entry.type, entry.stateKey);
    if (entry.eventNid === 0) next.delete(key);
    else next.set(key, entry);
  }
  return next;
}

describe('state snapshots', () => {
  let database: TestStorage;
  beforeEach(async () => {
    database = await startTestStorage();
  });
  afterEach(() => database.stop());

  /** Appends `count` nodes, several a transaction, mostly on the newest one and sometimes on an older one (a fork). */
  async function grow(count: number, forks: boolean): Promise<Known[]> {
    const known: Known[] = [{ node: undefined, state: new Map() }];
    while (known.length <= count) {
      await database.storage.write(async (tx) => {
        const writer = new SnapshotWriter(tx);
        for (let i = randomInt(1, 20); i > 0 && known.length <= count; i--) {
          const fork = forks && randomInt(12) === 0;
          const parent = fork ? known[randomInt(known.length)]! : known.at(-1)!;
          const changes = someChanges(randomInt(1, 4));
          const node = await writer.append(ROOM, parent.node, changes);
          known.push({ node, state: apply(parent.state, changes) });
        }
        await writer.flush();
      });
    }
    return known;
  }

  async function check(known: readonly Known[]): Promise<void> {
    const snapshots = new Snapshots(database.storage);
    for (const { node, state } of known) {
      const whole = await snapshots.atAll(node?.nid ?? 0);
      expect(new Map(whole.map((entry) => [stateMapKey(entry.type, entry.stateKey), entry]))).toEqual(state);
    }
    for (let i = 0; i < 300; i++) {
      const { node, state } = known[randomInt(known.length)]!;
      const [probe] = someChanges(1);
      const { type, stateKey } = probe!;
      const expected = state.get(stateMapKey(type, stateKey))?.eventNid;
      expect(await snapshots.at(node?.nid ?? 0, type, stateKey)).toBe(expected);
      expect(await snapshots.at(node?.nid ?? 0, type, stateKey)).toBe(expected);
    }
  }

  it('give the same state as a plain map at every height of a long room', async () => {
    const known = await grow(700, false);
    await check(known);
    expect(known.at(-1)!.node!.height).toBe(700);
  });

  it('give the same state as a plain map in every branch of a forked room', async () => {
    await check(await grow(400, true));
  });

  it.each([1, 2_000])('tell what they hold under %d keys, and nothing else', async (count) => {
    const node = await database.storage.write(async (tx) => {
      const writer = new SnapshotWriter(tx);
      const entry = (stateKey: string, eventNid: number): StateEntry => ({ type: 'x', stateKey, eventNid });
      const made = await writer.append(ROOM, undefined, [entry('asked', 1), entry('beside', 2)]);
      await writer.flush();
      return made;
    });
    const absent = Array.from({ length: count - 1 }, (_, i) => ['x', `absent ${i}`] as const);
    const values = await new Snapshots(database.storage).valuesOf(node.nid, [['x', 'asked'], ...absent]);
    expect([...values]).toEqual([[stateMapKey('x', 'asked'), 1]]);
  });

  it('are read along few deltas and take few rows for each change', async () => {
    const known = await database.storage.write(async (tx) => {
      const writer = new SnapshotWriter(tx);
      let node: SnapshotNode | undefined;
      for (let i = 0; i < 5_000; i++) {
        node = await writer.append(ROOM, node, [{ type: 'm.room.member', stateKey: `@u${i}:x`, eventNid: i + 1 }]);
      }
      await writer.flush();
      return node!;
    });
    expect(await new Snapshots(database.storage).atAll(known.nid)).toHaveLength(5_000);
    const rows = await database.storage.get<{ total: number }>('SELECT COUNT(*) AS total FROM state_deltas');
    expect(rows!.total).toBeLessThan(5_000 * 4);
    const longest = await database.storage.get<{ total: number }>(
      `WITH RECURSIVE chain (nid, base_nid) AS (SELECT nid, base_nid FROM state_snapshots WHERE nid = ?
         UNION ALL SELECT s.nid, s.base_nid FROM chain c JOIN state_snapshots s ON s.nid = c.base_nid)
       SELECT COUNT(*) AS total FROM chain`,
      [known.nid],
    );
    expect(longest!.total).toBeLessThanOrEqual(15 * 4);
  });
});
