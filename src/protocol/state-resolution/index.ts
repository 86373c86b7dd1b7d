import type { Pdu } from '../events/pdu';
import type { RoomVersion } from '../room-versions';
import { EventGraph, type EventLookup } from './event-graph';
import { resolveV1 } from './resolve-v1';
import { resolveV2 } from './resolve-v2';
import type { StateMap } from './state-map';

export type { EventLookup, ResolvableEvent } from './event-graph';
export { stateEntryKey } from '../state-key';
export type { StateMap } from './state-map';
export { EventGraph } from './event-graph';

export interface Resolution {
  readonly version: RoomVersion;
  readonly createEvent: Pdu;
  /** The states after each of the events whose successor's state is wanted. */
  readonly states: readonly StateMap[];
  /** Must find every event of the states that conflicts, and all of the auth chains that this server has. */
  readonly event: EventLookup;
  /** Events in the auth chains of some states and not of all, when an index knows them; else they are walked to. */
  readonly authDifference?: ReadonlySet<string>;
}

/**
 * Resolves states into one by the algorithm of the room version. The same states in any order give the same result.
 * Throws an Error when a conflicting event is missing: that is a fault of the caller, not of the room.
 */
export function resolveState({ version, createEvent, states, event, authDifference }: Resolution): Map<string, string> {
  const distinct = [...new Set(states)];
  if (distinct.length <= 1) return new Map(distinct[0] ?? []);
  const graph = new EventGraph(version, createEvent, event);
  return version.stateResolution === 'v1' ? resolveV1(graph, distinct) : resolveV2(graph, distinct, authDifference);
}
