import { stateMapKey, type RoomState, type SnapshotId, type StateEntry, type StateKeyPair } from '../../room-state';
import { ABSENT, type StateView, type Values } from './state-view.model';

/** Reads states, stored ones and what is laid over them. */
export class StateViews {
  constructor(private readonly rooms: Pick<RoomState, 'atAll' | 'snapshots'>) {}

  /** What a stored state has under some keys. */
  values(snapshot: SnapshotId, keys: readonly StateKeyPair[]): Promise<Map<string, number>> {
    return keys.length === 0
      ? Promise.resolve(new Map<string, number>())
      : this.rooms.snapshots.valuesOf(snapshot, keys);
  }

  /** What a view has under some keys. */
  async of({ snapshot, over }: StateView, keys: readonly StateKeyPair[]): Promise<Values> {
    const values = await this.values(snapshot, keys);
    const asked = new Set(keys.map((pair) => stateMapKey(...pair)));
    for (const { type, stateKey, eventNid } of over) {
      const key = stateMapKey(type, stateKey);
      if (asked.has(key)) values.set(key, eventNid);
    }
    return values;
  }

  /** The entries that a view has under some keys, each once. */
  async entries(view: StateView, keys: readonly StateKeyPair[]): Promise<StateEntry[]> {
    const asked = new Map(keys.map((pair) => [stateMapKey(...pair), pair]));
    const values = await this.of(view, [...asked.values()]);
    return [...asked].flatMap(([key, [type, stateKey]]) => {
      const eventNid = values.get(key) ?? ABSENT;
      return eventNid === ABSENT ? [] : [{ type, stateKey, eventNid }];
    });
  }

  /** All entries of a view. The whole state is read. */
  async all({ snapshot, over }: StateView): Promise<StateEntry[]> {
    const entries = new Map<string, StateEntry>();
    const stored = await this.rooms.atAll(snapshot);
    for (const entry of [...stored, ...over]) entries.set(stateMapKey(entry.type, entry.stateKey), entry);
    return [...entries.values()].filter(({ eventNid }) => eventNid !== ABSENT);
  }
}
