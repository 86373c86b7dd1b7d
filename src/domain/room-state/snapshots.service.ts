import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Reader } from '#platform/storage/storage';
import type { SnapshotId, StateEntry } from './room-state.model';
import type { SnapshotNode, StateKeyPair } from './snapshot.model';
import { mergeChanges, spanOf, stateMapKey } from './snapshot.model';
import type { DeltaEntry } from './snapshot.repository';
import { SnapshotReader } from './snapshot.repository';

/** An event id of 0 marks a key without an event. */
const ABSENT = 0;
const MANY_KEYS = 1_000;
const DELTAS_AT_ONCE = 500;

/**
 * The state of a room at any point. A state change makes a node with its delta; each 16th node holds the net change of the
 * 16 before it, each 256th that of 256, and so on. Reading follows bases: at most 15 deltas per power of 16, whatever the
 * room's length, and no state is ever copied whole. Nodes never change, so caches need no invalidation.
 */
export class Snapshots {
  private readonly reader: SnapshotReader;
  private readonly nodes = new LRUCache<SnapshotId, SnapshotNode>(atMost(100_000));
  private readonly values = new LRUCache<string, number>(atMost(100_000));

  constructor(reader: Reader) {
    this.reader = new SnapshotReader(reader);
  }

  /** The event that holds a key in a state; undefined when none does. Snapshot 0 is the empty state. */
  async at(snapshot: SnapshotId, type: string, stateKey: string): Promise<number | undefined> {
    return (await this.atMany(snapshot, [[type, stateKey]])).get(stateMapKey(type, stateKey));
  }

  /** The events that hold the keys, by {@link stateMapKey}; keys without one are left out. One statement when not cached. */
  async atMany(snapshot: SnapshotId, keys: readonly StateKeyPair[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const missing = keys.filter(([type, stateKey]) => {
      const cached = this.values.get(`${snapshot}/${stateMapKey(type, stateKey)}`);
      if (cached !== undefined && cached !== ABSENT) found.set(stateMapKey(type, stateKey), cached);
      return cached === undefined;
    });
    if (missing.length === 0 || snapshot === 0) return found;
    const chain = await this.chain(snapshot);
    const entries = await this.reader.deltasOfKeys(
      chain.map((node) => node.nid),
      missing,
    );
    const merged = mergeChanges(byAge(chain, entries));
    for (const [type, stateKey] of missing) {
      const key = stateMapKey(type, stateKey);
      const eventNid = merged.get(key)?.eventNid ?? ABSENT;
      this.values.set(`${snapshot}/${key}`, eventNid);
      if (eventNid !== ABSENT) found.set(key, eventNid);
    }
    return found;
  }

  /**
   * The event that holds one key in each of several states, by snapshot; states without one are left out. Two statements,
   * however many states.
   */
  async atEach(snapshots: readonly SnapshotId[], type: string, stateKey: string): Promise<Map<SnapshotId, number>> {
    const suffix = `/${stateMapKey(type, stateKey)}`;
    const missing = snapshots.filter(
      (snapshot) => snapshot !== 0 && this.values.get(`${snapshot}${suffix}`) === undefined,
    );
    const fresh = await this.readEach(missing, type, stateKey);
    for (const [snapshot, eventNid] of fresh) this.values.set(`${snapshot}${suffix}`, eventNid);
    const found = new Map<SnapshotId, number>();
    for (const snapshot of snapshots) {
      const eventNid = fresh.get(snapshot) ?? this.values.get(`${snapshot}${suffix}`) ?? ABSENT;
      if (eventNid !== ABSENT) found.set(snapshot, eventNid);
    }
    return found;
  }

  /** The whole state, or that of some types. */
  async atAll(snapshot: SnapshotId, options: { readonly types?: readonly string[] } = {}): Promise<StateEntry[]> {
    if (snapshot === 0) return [];
    const chain = await this.chain(snapshot);
    const nids = chain.map((node) => node.nid);
    const { types } = options;
    const entries = types === undefined ? await this.reader.deltas(nids) : await this.reader.deltasOfTypes(nids, types);
    return [...mergeChanges(byAge(chain, entries)).values()].filter((entry) => entry.eventNid !== ABSENT).map(toEntry);
  }

  /**
   * The entries of `newer` that `older`, a state on the way to it, has otherwise or not at all. Reads only the deltas
   * that the two do not share.
   */
  async changedBetween(older: SnapshotId, newer: SnapshotId): Promise<StateEntry[]> {
    if (older === newer) return [];
    const shared = new Set(older === 0 ? [] : (await this.chain(older)).map((node) => node.nid));
    const own = (await this.chain(newer)).filter((node) => !shared.has(node.nid));
    const changes = mergeChanges(byAge(own, await this.reader.deltas(own.map((node) => node.nid))));
    const entries = [...changes.values()].filter((entry) => entry.eventNid !== ABSENT);
    const keys = entries.map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    const before = await this.valuesOf(older, keys);
    return entries
      .filter((entry) => before.get(stateMapKey(entry.type, entry.stateKey)) !== entry.eventNid)
      .map(({ type, stateKey, eventNid }) => ({ type, stateKey, eventNid }));
  }

  /**
   * Keys under which any two of several states may differ: all that changed on the way from where they part. States
   * that share nothing are compared whole.
   */
  async differing(snapshots: readonly SnapshotId[]): Promise<StateKeyPair[]> {
    const chains: SnapshotNode[][] = [];
    for (const snapshot of new Set(snapshots)) chains.push(snapshot === 0 ? [] : await this.chain(snapshot));
    const counts = new Map<number, number>();
    for (const { nid } of chains.flat()) counts.set(nid, (counts.get(nid) ?? 0) + 1);
    const own = [...counts].filter(([, count]) => count < chains.length).map(([nid]) => nid);
    const keys = new Map<string, StateKeyPair>();
    for (let i = 0; i < own.length; i += DELTAS_AT_ONCE) {
      for (const { type, stateKey } of await this.reader.deltas(own.slice(i, i + DELTAS_AT_ONCE))) {
        keys.set(stateMapKey(type, stateKey), [type, stateKey]);
      }
    }
    return [...keys.values()];
  }

  /** The same as {@link atMany}, for any number of keys: of very many it is cheaper to read the state whole. */
  async valuesOf(snapshot: SnapshotId, keys: readonly StateKeyPair[]): Promise<Map<string, number>> {
    if (snapshot === 0) return new Map();
    if (keys.length <= MANY_KEYS) return this.atMany(snapshot, keys);
    const asked = new Set(keys.map((pair) => stateMapKey(...pair)));
    const all = await this.atAll(snapshot);
    const values = all.map(({ type, stateKey, eventNid }) => [stateMapKey(type, stateKey), eventNid] as const);
    return new Map(values.filter(([key]) => asked.has(key)));
  }

  /** The newest delta of the key along each snapshot's bases decides; {@link ABSENT} where there is none. */
  private async readEach(
    snapshots: readonly SnapshotId[],
    type: string,
    stateKey: string,
  ): Promise<Map<SnapshotId, number>> {
    if (snapshots.length === 0) return new Map();
    const nodes = new Map((await this.reader.chains(snapshots)).map((node) => [node.nid, node]));
    const deltas = await this.reader.deltasOfKeys([...nodes.keys()], [[type, stateKey]]);
    const held = new Map(deltas.map((delta) => [delta.snapshotNid, delta.eventNid]));
    return new Map(
      snapshots.map((snapshot) => {
        let node = nodes.get(snapshot);
        if (node === undefined) throw new Error(`state snapshot ${snapshot} is not stored`);
        while (!held.has(node.nid) && node.baseNid !== null) node = nodes.get(node.baseNid)!;
        return [snapshot, held.get(node.nid) ?? ABSENT];
      }),
    );
  }

  /** What a state changes of the one before it; event 0 where it takes a key away. Reads both whole at each 16th height. */
  async delta(snapshot: SnapshotId): Promise<StateEntry[]> {
    const { height, prevNid } = await this.node(snapshot);
    if (spanOf(height) === 1) return (await this.reader.deltas([snapshot])).map(toEntry);
    const before = new Map((await this.atAll(prevNid ?? 0)).map((entry) => [keyOf(entry), entry]));
    const after = new Map((await this.atAll(snapshot)).map((entry) => [keyOf(entry), entry]));
    const gone = [...before].filter(([key]) => !after.has(key)).map(([, entry]) => ({ ...entry, eventNid: ABSENT }));
    return [
      ...[...after].filter(([key, entry]) => before.get(key)?.eventNid !== entry.eventNid).map(([, entry]) => entry),
      ...gone,
    ];
  }

  /** One node. @throws Error for an id that is not stored */
  async node(snapshot: SnapshotId): Promise<SnapshotNode> {
    return this.nodes.get(snapshot) ?? (await this.chain(snapshot))[0]!;
  }

  /** The node and its bases, newest first. */
  private async chain(snapshot: SnapshotId): Promise<SnapshotNode[]> {
    const chain: SnapshotNode[] = [];
    for (let nid: number | null = snapshot; nid !== null;) {
      const node: SnapshotNode | undefined = this.nodes.get(nid);
      if (node === undefined) {
        chain.push(...(await this.load(nid)));
        break;
      }
      chain.push(node);
      nid = node.baseNid;
    }
    return chain;
  }

  private async load(nid: SnapshotId): Promise<SnapshotNode[]> {
    const chain = await this.reader.chain(nid);
    if (chain.length === 0) throw new Error(`state snapshot ${nid} is not stored`);
    for (const node of chain) this.nodes.set(node.nid, node);
    return chain;
  }
}

function toEntry({ type, stateKey, eventNid }: StateEntry): StateEntry {
  return { type, stateKey, eventNid };
}

function keyOf({ type, stateKey }: StateEntry): string {
  return stateMapKey(type, stateKey);
}

/** Groups entries by their node, oldest node first. */
function byAge(chain: readonly SnapshotNode[], entries: readonly DeltaEntry[]): StateEntry[][] {
  const groups = new Map<number, StateEntry[]>();
  for (let i = chain.length - 1; i >= 0; i--) groups.set(chain[i]!.nid, []);
  for (const entry of entries) groups.get(entry.snapshotNid)?.push(entry);
  return [...groups.values()];
}
