import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { RoomVersion } from '#protocol/room-versions';
import { stateMapKey } from '../../room-state';
import type { RoomInfo, RoomState, SnapshotId, SnapshotNode, StateEntry, StateKeyPair } from '../../room-state';
import type { AuthChains } from '../store/auth-chains.service';
import { ConflictResolution } from './conflict-resolution.service';
import type { EventStore } from '../store/event-store.service';
import type { StateBase } from '../heads/prepared-event.model';
import type { UnstoredEvent } from './resolvable-events.service';
import { ABSENT, agree, distinct, resultKey, type StateView } from './state-view.model';
import { StateViews } from './state-views.service';

/** Views of which one is sought that the state of all differs little from. */
const VIEWS_TO_TRY = 4;

/**
 * The state that several states make together: only what differs between them is read, resolved and written. Results are
 * kept by the states that they came from.
 */
export class StateResolver {
  private readonly results = new LRUCache<string, SnapshotId>(atMost(20_000));
  private readonly views: StateViews;
  private readonly conflicts: ConflictResolution;

  constructor(
    private readonly rooms: RoomState,
    events: EventStore,
    chains: AuthChains,
  ) {
    this.views = new StateViews(rooms);
    this.conflicts = new ConflictResolution(rooms, events, chains, this.views);
  }

  /** Notes that stored states make another stored one. */
  remember(snapshots: readonly SnapshotId[], result: SnapshotId): void {
    this.results.set(resultKey(snapshots), result);
  }

  /** The state of views together, as changes of one of them that needs few. */
  async together(room: RoomInfo, version: RoomVersion, views: readonly StateView[]): Promise<StateBase> {
    const known = this.known(views);
    if (known !== undefined) return { node: await this.node(known), changes: [] };
    const resolved = await this.resolve(room, version, views, undefined);
    let best: { readonly view: StateView; readonly changes: StateEntry[] } | undefined;
    for (const view of views.slice(0, VIEWS_TO_TRY)) {
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
    return snapshots.length === 1 ? snapshots[0] : this.results.get(resultKey(snapshots));
  }

  private async node(snapshot: SnapshotId): Promise<SnapshotNode | undefined> {
    return snapshot === 0 ? undefined : this.rooms.snapshots.node(snapshot);
  }

  /** The entries among `resolved` that a stored state has otherwise. */
  private async changesOf(snapshot: SnapshotId, resolved: ReadonlyMap<string, StateEntry>): Promise<StateEntry[]> {
    const keys = [...resolved.values()].map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    const before = await this.views.values(snapshot, keys);
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
    const compared = await this.keysInQuestion(views, also);
    const pairs = [...compared.values()];
    const states = await Promise.all(views.map((view) => this.views.of(view, pairs)));
    const result = new Map<string, StateEntry>();
    const keys = new Map<string, StateKeyPair>();
    for (const [key, pair] of compared) {
      const [type, stateKey] = pair;
      result.set(key, { type, stateKey, eventNid: states[0]!.get(key) ?? ABSENT });
      if (!agree(states, key)) keys.set(key, pair);
    }
    if (keys.size === 0) return result;
    const resolved = await this.conflicts.resolve(room, version, { views, states, keys, own });
    for (const entry of resolved) result.set(stateMapKey(entry.type, entry.stateKey), entry);
    return result;
  }

  private async keysInQuestion(views: readonly StateView[], also?: SnapshotId): Promise<Map<string, StateKeyPair>> {
    const snapshots = views.map((view) => view.snapshot);
    const pairs = await this.rooms.snapshots.differing(also === undefined ? snapshots : [...snapshots, also]);
    const over = views.flatMap((view) => view.over).map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    return new Map([...pairs, ...over].map((pair) => [stateMapKey(...pair), pair]));
  }
}
