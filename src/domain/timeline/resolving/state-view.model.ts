import type { SnapshotId, StateEntry } from '../../room-state';

/** A state to be resolved: a stored one, and entries laid over it. */
export interface StateView {
  readonly snapshot: SnapshotId;
  readonly over: readonly StateEntry[];
}

/** What a view has under some keys: numbers of events, {@link ABSENT} or none where there is nothing. */
export type Values = ReadonlyMap<string, number>;

/** Stands for the event under a key that has none. */
export const ABSENT = 0;

/** The views that are of different states: messages leave the state as it is, so that many extremities may have one. */
export function distinct(views: readonly StateView[]): StateView[] {
  const seen = new Set<SnapshotId>();
  return views.filter(({ snapshot, over }) => over.length > 0 || (!seen.has(snapshot) && seen.add(snapshot)));
}

/** Whether all states have the same under a key. */
export function agree(states: readonly Values[], key: string): boolean {
  const first = states[0]!.get(key) ?? ABSENT;
  return states.every((state) => (state.get(key) ?? ABSENT) === first);
}

/** What the result of resolving some stored states is kept by: their order does not matter. */
export function resultKey(snapshots: readonly SnapshotId[]): string {
  return [...new Set(snapshots)].sort((a, b) => a - b).join(' ');
}
