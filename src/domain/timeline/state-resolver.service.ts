import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import { authTypesFor } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import { resolveState, stateEntryKey, type ResolvableEvent } from '#protocol/state-resolution/index';
import type { RoomInfo, RoomState, SnapshotId, SnapshotNode, StateEntry, StateKeyPair } from '../room-state';
import { stateMapKey } from '../room-state';
import type { AuthChains } from './auth-chains.service';
import type { EventStore } from './event-store.service';
import { ResolvableEvents, type UnstoredEvent } from './resolvable-events.service';
import type { StateBase } from './prepared-event.model';
import type { StoredEvent } from './timeline.model';

/** A state to be resolved: a stored one, and entries laid over it. */
export interface StateView {
  readonly snapshot: SnapshotId;
  readonly over: readonly StateEntry[];
}

/** What a view has under some keys. */
type Values = ReadonlyMap<string, number>;

const ABSENT = 0;
/** What nearly every event rests on: looked at before the many members are. */
const CORE: readonly StateKeyPair[] = [
  ['m.room.create', ''],
  ['m.room.power_levels', ''],
  ['m.room.join_rules', ''],
];

/**
 * The state that several states make together: only what differs between them is read, resolved and written. Results are
 * kept by the states that they came from.
 */
export class StateResolver {
  private readonly results = new LRUCache<string, SnapshotId>(atMost(20_000));

  constructor(
    private readonly rooms: RoomState,
    private readonly events: EventStore,
    private readonly chains: AuthChains,
  ) {}

  /** Notes that stored states make another stored one. */
  remember(snapshots: readonly SnapshotId[], result: SnapshotId): void {
    this.results.set(keyOf(snapshots), result);
  }

  /** The state of views together, as changes of one of them that needs few. */
  async together(room: RoomInfo, version: RoomVersion, views: readonly StateView[]): Promise<StateBase> {
    const known = this.known(views);
    if (known !== undefined) return { node: await this.node(known), changes: [] };
    const resolved = await this.resolve(room, version, views, undefined);
    let best: { readonly view: StateView; readonly changes: StateEntry[] } | undefined;
    for (const view of views.slice(0, 4)) {
      const changes = await this.changesOf(view.snapshot, resolved);
      if (best === undefined || changes.length < best.changes.length) best = { view, changes };
    }
    return { node: await this.node(best!.view.snapshot), changes: best!.changes };
  }

  /** How the state of views together differs from a stored one. */
  async changes(
    room: RoomInfo,
    version: RoomVersion,
    views: readonly StateView[],
    from: SnapshotId,
    own?: UnstoredEvent,
  ): Promise<StateEntry[]> {
    const known = this.known(views);
    if (known === from) return [];
    return this.changesOf(from, await this.resolve(room, version, [...views], own, from));
  }

  private known(views: readonly StateView[]): SnapshotId | undefined {
    if (views.some((view) => view.over.length > 0)) return undefined;
    const snapshots = [...new Set(views.map((view) => view.snapshot))];
    return snapshots.length === 1 ? snapshots[0] : this.results.get(keyOf(snapshots));
  }

  private async node(snapshot: SnapshotId): Promise<SnapshotNode | undefined> {
    return snapshot === 0 ? undefined : this.rooms.snapshots.node(snapshot);
  }

  /** The entries among `resolved` that a stored state has otherwise. */
  private async changesOf(snapshot: SnapshotId, resolved: ReadonlyMap<string, StateEntry>): Promise<StateEntry[]> {
    const keys = [...resolved.values()].map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    const before = await this.values(snapshot, keys);
    return [...resolved].flatMap(([key, entry]) => ((before.get(key) ?? ABSENT) === entry.eventNid ? [] : [entry]));
  }

  /** What the views make together under every key on which they (or `also`) differ; event 0 where that is nothing. */
  private async resolve(
    room: RoomInfo,
    version: RoomVersion,
    all: readonly StateView[],
    own: UnstoredEvent | undefined,
    also?: SnapshotId,
  ): Promise<Map<string, StateEntry>> {
    const views = distinct(all);
    const keys = await this.keysInQuestion(views, also);
    const states = await Promise.all(views.map((view) => this.viewValues(view, [...keys.values()])));
    const conflict = [...keys.keys()].filter((key) => !agree(states, key));
    const first = states[0]!;
    const entryOf = (key: string, eventNid: number): StateEntry => {
      const [type, stateKey] = keys.get(key)!;
      return { type, stateKey, eventNid };
    };
    const result = new Map([...keys.keys()].map((key) => [key, entryOf(key, first.get(key) ?? ABSENT)]));
    if (conflict.length === 0) return result;
    const settled = await this.settle(room, version, { views, states, keys, conflict, own });
    for (const entry of settled) result.set(stateMapKey(entry.type, entry.stateKey), entry);
    return result;
  }

  private async keysInQuestion(views: readonly StateView[], also?: SnapshotId): Promise<Map<string, StateKeyPair>> {
    const snapshots = views.map((view) => view.snapshot);
    const pairs = await this.rooms.snapshots.differing(also === undefined ? snapshots : [...snapshots, also]);
    const over = views.flatMap((view) => view.over).map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    return new Map([...pairs, ...over].map((pair) => [stateMapKey(...pair), pair]));
  }

  /**
   * Resolves the conflicting keys with #protocol's algorithm, which is given what of the states it can come to ask. The
   * events in which the auth chains differ take part, so that keys can come in that no state has.
   */
  private async settle(room: RoomInfo, version: RoomVersion, question: Question): Promise<StateEntry[]> {
    const { views, states, keys, conflict, own } = question;
    const conflicting = states.map((state) => conflict.flatMap((key) => state.get(key) || []));
    const resolvable = new ResolvableEvents(this.events, this.chains, own);
    const difference = await this.authDifference(question, conflicting, resolvable);
    const full = new Set([...conflicting.flat(), ...difference]);
    await resolvable.load(await resolvable.chain(full));
    const needed = neededKeys(
      version,
      [...full].map((nid) => resolvable.byNid(nid)),
    );
    const disputed = new Map(conflict.map((key) => [key, keys.get(key)!]));
    const drawnIn = stateKeysOf([...difference].map((nid) => resolvable.byNid(nid)));
    const unconflicted = await this.viewValues(
      views[0]!,
      [...needed, ...drawnIn].filter((pair) => !disputed.has(stateMapKey(...pair))),
    );
    const agreed = new Map([...unconflicted].filter(([, nid]) => nid !== ABSENT));
    for (const pair of drawnIn) if (!agreed.has(stateMapKey(...pair))) disputed.set(stateMapKey(...pair), pair);
    await resolvable.load(await resolvable.chain(agreed.values()));
    const pairs = new Map([...keys, ...[...needed, ...drawnIn].map((pair) => [stateMapKey(...pair), pair] as const)]);
    const maps = states.map((state) => {
      const entries = [
        ...agreed,
        ...conflict.flatMap((key): [string, number][] => (state.get(key) ? [[key, state.get(key)!]] : [])),
      ];
      return new Map(entries.map(([key, nid]) => [stateEntryKey(...pairs.get(key)!), resolvable.byNid(nid).eventId]));
    });
    const create = await this.createEvent(room);
    const resolved = resolveState({
      version,
      createEvent: create.pdu as Pdu,
      states: maps,
      event: (eventId) => resolvable.byId(eventId),
      authDifference: new Set([...difference].map((nid) => resolvable.byNid(nid).eventId)),
    });
    return [...disputed.values()].map(([type, stateKey]) => {
      const eventId = resolved.get(stateEntryKey(type, stateKey));
      return { type, stateKey, eventNid: eventId === undefined ? ABSENT : resolvable.nidOf(eventId) };
    });
  }

  /**
   * The events in the auth chains of some states and not of all. The chain of what the states agree on is in all of them,
   * so that only chains of conflicting events count, less what the agreed part leads to.
   */
  private async authDifference(
    { views, conflict }: Question,
    conflicting: readonly (readonly number[])[],
    resolvable: ResolvableEvents,
  ): Promise<Set<number>> {
    const chains = await Promise.all(conflicting.map((nids) => resolvable.chain(nids)));
    const counts = new Map<number, number>();
    for (const nid of chains.flatMap((chain) => [...chain])) counts.set(nid, (counts.get(nid) ?? 0) + 1);
    const candidates = new Set([...counts].filter(([, count]) => count < chains.length).map(([nid]) => nid));
    const core = await this.viewValues(
      views[0]!,
      CORE.filter((pair) => !conflict.includes(stateMapKey(...pair))),
    );
    for (const nid of await resolvable.chain([...core.values()].filter((nid) => nid !== ABSENT)))
      candidates.delete(nid);
    // Conflicting events take part anyway.
    const disputing = new Set(conflicting.flat());
    if ([...candidates].every((nid) => disputing.has(nid))) return candidates;
    const entries = await this.rooms.atAll(views[0]!.snapshot);
    const disputed = new Set(conflict);
    const isOver = new Map(views[0]!.over.map((entry) => [stateMapKey(entry.type, entry.stateKey), entry.eventNid]));
    const agreed = entries
      .filter((entry) => !disputed.has(stateMapKey(entry.type, entry.stateKey)))
      .map((entry) => isOver.get(stateMapKey(entry.type, entry.stateKey)) ?? entry.eventNid)
      .filter((nid) => nid !== ABSENT);
    // What the agreed events are or lead to is in every chain.
    for (const nid of await resolvable.chain(agreed)) candidates.delete(nid);
    return candidates;
  }

  private async createEvent(room: RoomInfo): Promise<StoredEvent> {
    const create = await this.events.event(await this.rooms.current(room, 'm.room.create', ''));
    if (create === undefined) throw new Error(`room ${room.nid} has no create event`);
    return create;
  }

  private async viewValues({ snapshot, over }: StateView, keys: readonly StateKeyPair[]): Promise<Values> {
    const values = new Map(await this.values(snapshot, keys));
    const asked = new Set(keys.map((pair) => stateMapKey(...pair)));
    for (const { type, stateKey, eventNid } of over) {
      const key = stateMapKey(type, stateKey);
      if (asked.has(key)) values.set(key, eventNid);
    }
    return values;
  }

  private values(snapshot: SnapshotId, keys: readonly StateKeyPair[]): Promise<Map<string, number>> {
    return keys.length === 0
      ? Promise.resolve(new Map<string, number>())
      : this.rooms.snapshots.valuesOf(snapshot, keys);
  }
}

interface Question {
  readonly views: readonly StateView[];
  /** What each view has under `keys`. */
  readonly states: readonly Values[];
  readonly keys: ReadonlyMap<string, StateKeyPair>;
  readonly conflict: readonly string[];
  readonly own: UnstoredEvent | undefined;
}

/** The entries by which the resolution may judge events: their own auth types, and the room's rules. */
function neededKeys(version: RoomVersion, events: readonly ResolvableEvent[]): StateKeyPair[] {
  const keys = new Map<string, StateKeyPair>();
  const add = (pair: StateKeyPair): unknown => keys.set(stateMapKey(...pair), pair);
  add(['m.room.create', '']);
  add(['m.room.power_levels', '']);
  add(['m.room.join_rules', '']);
  for (const { pdu } of events) authTypesFor(version, pdu).forEach(add);
  return [...keys.values()];
}

function stateKeysOf(events: readonly ResolvableEvent[]): StateKeyPair[] {
  return events.flatMap(({ pdu }): StateKeyPair[] => (pdu.state_key === undefined ? [] : [[pdu.type, pdu.state_key]]));
}

/** Messages leave the state as it is, so that many extremities may have one state. */
function distinct(views: readonly StateView[]): StateView[] {
  const seen = new Set<SnapshotId>();
  return views.filter(({ snapshot, over }) => over.length > 0 || (!seen.has(snapshot) && seen.add(snapshot)));
}

function agree(states: readonly Values[], key: string): boolean {
  const first = states[0]!.get(key) ?? ABSENT;
  return states.every((state) => (state.get(key) ?? ABSENT) === first);
}

function keyOf(snapshots: readonly SnapshotId[]): string {
  return [...new Set(snapshots)].sort((a, b) => a - b).join(' ');
}
