import type { SnapshotId, StateEntry } from './room-state.model';

/**
 * A node of the tree of a room's states. Its stored delta is the net change against `baseNid`, which lies 16^k nodes
 * back, where 16^k is the largest power of 16 that divides `height`.
 */
export interface SnapshotNode {
  readonly nid: SnapshotId;
  readonly roomNid: number;
  /** The state one change before; null for the first. */
  readonly prevNid: SnapshotId | null;
  readonly baseNid: SnapshotId | null;
  /** Number of changes that led here, 1 for the first. */
  readonly height: number;
}

/** One key of a state; several are asked for together. */
export type StateKeyPair = readonly [type: string, stateKey: string];

/** How far back the delta of the node at `height` reaches. */
export function spanOf(height: number): number {
  let span = 1;
  while (height % (span * 16) === 0) span *= 16;
  return span;
}

/** A text that is different for different (type, state key) pairs: types cannot be told apart from keys otherwise. */
export function stateMapKey(type: string, stateKey: string): string {
  return `${type.length}:${type}${stateKey}`;
}

/** Lays changes over each other, oldest first; entries that are gone (event 0) stay as such. */
export function mergeChanges(oldestFirst: readonly (readonly StateEntry[])[]): Map<string, StateEntry> {
  const merged = new Map<string, StateEntry>();
  for (const changes of oldestFirst) {
    for (const entry of changes) merged.set(stateMapKey(entry.type, entry.stateKey), entry);
  }
  return merged;
}
