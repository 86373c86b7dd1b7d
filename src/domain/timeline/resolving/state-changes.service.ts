import { stateMapKey, type RoomState, type SnapshotId, type StateEntry, type StateKeyPair } from '../../room-state';
import type { EventStore } from '../store/event-store.service';
import type { StateChange } from '../heads/prepared-event.model';

/** Tells of entries of a state that become others, as those who keep rows of the state want to know it: by events. */
export class StateChanges {
  constructor(
    private readonly rooms: Pick<RoomState, 'snapshots'>,
    private readonly events: EventStore,
  ) {}

  /** What `entries` change of a stored state; event 0 takes a key away. */
  async over(before: SnapshotId, entries: readonly StateEntry[]): Promise<StateChange[]> {
    if (entries.length === 0) return [];
    const keys = entries.map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    const replaced = await this.rooms.snapshots.valuesOf(before, keys);
    const nids = [...entries.map((entry) => entry.eventNid), ...replaced.values()].filter((nid) => nid !== 0);
    const events = new Map((await this.events.events([...new Set(nids)])).map((event) => [event.nid, event]));
    return entries.map(({ type, stateKey, eventNid }) => ({
      type,
      stateKey,
      event: events.get(eventNid),
      replaced: events.get(replaced.get(stateMapKey(type, stateKey)) ?? 0),
    }));
  }
}
