import { membershipOf, type Pdu } from '../events/pdu';
import { stateEntryKey } from '../state-key';
import { applyInOrder } from './auth-check';
import type { EventGraph } from './event-graph';
import { mainlineOrder, reverseTopologicalPowerOrder } from './ordering';
import { splitConflicts, type StateMap } from './state-map';

/**
 * State resolution of room version 2, and with `v2.1` that of version 12: there the checks start from nothing instead of
 * the unconflicted state, and the conflicted subgraph takes part.
 * Spec: "State resolution" of room versions 2 and 12.
 */
export function resolveV2(
  graph: EventGraph,
  states: readonly StateMap[],
  authDifference: ReadonlySet<string> | undefined,
): Map<string, string> {
  const { unconflicted, conflicted } = splitConflicts(states, 'conflicts');
  if (conflicted.size === 0) return unconflicted;
  const full = fullConflictedSet(
    graph,
    states,
    new Set([...conflicted.values()].flatMap((ids) => [...ids])),
    authDifference,
  );
  const powerEvents = withAuthChains(graph, full);
  const state = new Map(graph.version.stateResolution === 'v2.1' ? [] : unconflicted);
  applyInOrder(graph, state, reverseTopologicalPowerOrder(graph, powerEvents));
  const others = [...full].filter((eventId) => !powerEvents.has(eventId));
  applyInOrder(graph, state, mainlineOrder(graph, others, state.get(stateEntryKey('m.room.power_levels', ''))));
  for (const [key, eventId] of unconflicted) state.set(key, eventId);
  return state;
}

/** Events that this server never got cannot be judged and are left out; the conflicted ones themselves must be there. */
function fullConflictedSet(
  graph: EventGraph,
  states: readonly StateMap[],
  conflicted: ReadonlySet<string>,
  authDifference: ReadonlySet<string> | undefined,
): Set<string> {
  const full = new Set([...conflicted, ...(authDifference ?? graph.authDifference(states))]);
  if (graph.version.stateResolution === 'v2.1') for (const eventId of graph.subgraph(conflicted)) full.add(eventId);
  return new Set([...full].filter((eventId) => conflicted.has(eventId) || graph.find(eventId) !== undefined));
}

/** The power events of the set, and those of the set that lead up to them by steps inside the set. */
function withAuthChains(graph: EventGraph, full: ReadonlySet<string>): Set<string> {
  const chosen = new Set([...full].filter((eventId) => isPowerEvent(graph.get(eventId).pdu)));
  for (const eventId of chosen) {
    for (const authId of graph.authEvents(eventId)) if (full.has(authId)) chosen.add(authId);
  }
  return chosen;
}

/** Events that may take from somebody the ability to do something. */
function isPowerEvent(pdu: Pdu): boolean {
  switch (pdu.type) {
    case 'm.room.create':
    case 'm.room.power_levels':
    case 'm.room.join_rules':
      return pdu.state_key === '';
    case 'm.room.member': {
      const membership = membershipOf(pdu);
      return (membership === 'leave' || membership === 'ban') && pdu.sender !== pdu.state_key;
    }
    default:
      return false;
  }
}
