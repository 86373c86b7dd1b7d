import { stateMapKey } from '../../room-state';
import { conflictedEntries, CORE_KEYS, type Conflict } from './conflict.model';
import type { ResolvableEvents } from './resolvable-events.service';
import type { StateViews } from './state-views.service';

/** Finds auth differences: the events in the auth chains of some states and not of all. Spec: rooms, "State resolution". */
export class AuthDifferences {
  constructor(private readonly views: StateViews) {}

  /**
   * The auth difference of states that are in conflict, and perhaps conflicted events. The chain of what the states agree
   * on is in all of them, so that only chains of conflicted events count, less what the agreed part leads to.
   */
  async of(conflict: Conflict, events: Pick<ResolvableEvents, 'chain'>): Promise<Set<number>> {
    const conflicted = conflictedEntries(conflict).map((entries) => entries.map(({ eventNid }) => eventNid));
    const chains = await Promise.all(conflicted.map((nids) => events.chain(nids)));
    const candidates = inSome(chains);
    const [view] = conflict.views;
    // Looked at before the many members are: nearly every event rests on it.
    const undisputed = CORE_KEYS.filter((pair) => !conflict.keys.has(stateMapKey(...pair)));
    const core = await this.views.entries(view!, undisputed);
    const drop = async (agreed: readonly { readonly eventNid: number }[]): Promise<void> => {
      for (const nid of await events.chain(agreed.map(({ eventNid }) => eventNid))) candidates.delete(nid);
    };
    await drop(core);
    // Conflicted events take part anyway.
    const disputing = new Set(conflicted.flat());
    if ([...candidates].every((nid) => disputing.has(nid))) return candidates;
    const entries = await this.views.all(view!);
    await drop(entries.filter(({ type, stateKey }) => !conflict.keys.has(stateMapKey(type, stateKey))));
    return candidates;
  }
}

/** What is in some of the chains and not in all. */
function inSome(chains: readonly ReadonlySet<number>[]): Set<number> {
  const counts = new Map<number, number>();
  for (const nid of chains.flatMap((chain) => [...chain])) counts.set(nid, (counts.get(nid) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count < chains.length).map(([nid]) => nid));
}
