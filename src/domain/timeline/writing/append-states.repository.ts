import type { Tx } from '#platform/storage/storage';
import { SnapshotWriter, stateMapKey, type SnapshotNode, type StateEntry } from '../../room-state';
import type { MovedHead } from './append.model';
import { OWN, type Incoming, type PreparedEvent } from '../heads/prepared-event.model';

/** The snapshots between which an event stands; undefined for the empty state. */
export interface StatesAround {
  readonly before: SnapshotNode | undefined;
  readonly after: SnapshotNode | undefined;
}

/** Writes the states before and after the events of a transaction. They are in the database once {@link flush} was called. */
export class AppendStates {
  private readonly snapshots: SnapshotWriter;

  constructor(tx: Tx) {
    this.snapshots = new SnapshotWriter(tx);
  }

  /** The states around an event that was given the number `nid`; moves the room's current one. */
  async around(moved: MovedHead, { pdu, incoming }: PreparedEvent, nid: number): Promise<StatesAround> {
    const { type, state_key: stateKey } = pdu;
    const own = stateKey === undefined ? [] : [{ type, stateKey, eventNid: nid }];
    if (incoming === undefined) {
      const before = moved.snapshot;
      moved.snapshot = await this.changed(moved, before, own);
      return { before, after: moved.snapshot };
    }
    const { kind, current } = incoming;
    const before = await this.changed(moved, incoming.before.node, incoming.before.changes);
    const after = kind === 'rejected' ? before : await this.changed(moved, before, own);
    const isShared = incoming.before.node === moved.snapshot && leadsToSame(incoming);
    const numbered = current.map((entry) => (entry.eventNid === OWN ? { ...entry, eventNid: nid } : entry));
    moved.snapshot = isShared ? after : await this.changed(moved, moved.snapshot, numbered);
    return { before, after };
  }

  flush(): Promise<void> {
    return this.snapshots.flush();
  }

  private async changed(
    { room }: MovedHead,
    node: SnapshotNode | undefined,
    changes: readonly StateEntry[],
  ): Promise<SnapshotNode | undefined> {
    return changes.length === 0 ? node : this.snapshots.append(room.nid, node, changes);
  }
}

/** Whether the state after an event is what the current state becomes, so that one snapshot does for both. */
function leadsToSame({ before, current }: Incoming): boolean {
  const own = current.find((entry) => entry.eventNid === OWN);
  if (own === undefined) return false;
  const keyOf = ({ type, stateKey }: StateEntry): string => stateMapKey(type, stateKey);
  const ahead = new Map(before.changes.map((entry) => [keyOf(entry), entry.eventNid]));
  ahead.delete(keyOf(own));
  const others = current.filter((entry) => entry !== own);
  return others.length === ahead.size && others.every((entry) => ahead.get(keyOf(entry)) === entry.eventNid);
}
