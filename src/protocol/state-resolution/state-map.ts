/** A room state: entry key (see `stateEntryKey`) to event id. */
export type StateMap = ReadonlyMap<string, string>;

/** States taken apart into what they agree on and what not. */
export interface Conflicts {
  readonly unconflicted: Map<string, string>;
  /** Every event that some state has for an entry on which they do not all agree. */
  readonly conflicted: Map<string, Set<string>>;
}

/**
 * Takes states apart. With `absence` set, as from version 2 on, an entry that some state lacks is conflicted too; in
 * version 1 it is not, as long as those that have it agree.
 */
export function splitConflicts(states: readonly StateMap[], absence: 'conflicts' | 'ignored'): Conflicts {
  const unconflicted = new Map<string, string>();
  const conflicted = new Map<string, Set<string>>();
  for (const key of new Set(states.flatMap((state) => [...state.keys()]))) {
    const present = states.map((state) => state.get(key)).filter((value): value is string => value !== undefined);
    const values = new Set(present);
    const isComplete = absence === 'ignored' || present.length === states.length;
    if (values.size === 1 && isComplete) unconflicted.set(key, present[0] as string);
    else conflicted.set(key, values);
  }
  return { unconflicted, conflicted };
}
