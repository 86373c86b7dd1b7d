import type { Tx } from '#platform/storage/storage';
import {
  SnapshotWriter,
  type RoomInfo,
  type RoomState,
  type SnapshotId,
  type SnapshotNode,
  type StateEntry,
} from '../../room-state';

/** The states that come of one state, and what they must have beside or cannot have after all. */
export interface Rebase {
  readonly room: Pick<RoomInfo, 'nid'>;
  readonly base: SnapshotId;
  /** Laid over the base: the keys that it lacks. */
  readonly missing: readonly StateEntry[];
  /** Events that are in none of the new states. */
  readonly gone: ReadonlySet<number>;
}

/** Makes states again over another state than the one that they were made over. Stored states never change. */
export class StateRebasing {
  constructor(private readonly rooms: Pick<RoomState, 'snapshots'>) {}

  /** The new state for each of the old ones that comes of the base; the others are left out. Written when `tx` commits. */
  async rebase(tx: Tx, rebase: Rebase, snapshots: Iterable<SnapshotId>): Promise<Map<SnapshotId, SnapshotNode>> {
    const { room, missing, gone } = rebase;
    const base = await this.rooms.snapshots.node(rebase.base);
    const writer = new SnapshotWriter(tx);
    const made = new Map([[base.nid, await writer.append(room.nid, base, missing)]]);
    for (const snapshot of new Set(snapshots)) {
      for (const node of await this.wayFrom(base, snapshot, made)) {
        const delta = (await this.rooms.snapshots.delta(node.nid)).filter((entry) => !gone.has(entry.eventNid));
        const before = made.get(node.prevNid!)!;
        made.set(node.nid, delta.length === 0 ? before : await writer.append(room.nid, before, delta));
      }
    }
    await writer.flush();
    return made;
  }

  /** The states on the way to one, from the last that was made again on; none when it does not come of the base. */
  private async wayFrom(
    base: SnapshotNode,
    snapshot: SnapshotId,
    made: ReadonlyMap<SnapshotId, SnapshotNode>,
  ): Promise<SnapshotNode[]> {
    const way: SnapshotNode[] = [];
    for (let nid: SnapshotId | null = snapshot; nid !== null && nid !== 0 && !made.has(nid);) {
      const node: SnapshotNode = await this.rooms.snapshots.node(nid);
      if (node.height <= base.height) return [];
      way.push(node);
      nid = node.prevNid;
    }
    return way.reverse();
  }
}
