import { hash } from 'node:crypto';

import { stateEntryKey } from '../state-key';
import { isAllowed, lookupIn } from './auth-check';
import type { EventGraph, ResolvableEvent } from './event-graph';
import { splitConflicts, type StateMap } from './state-map';

/** Conflicts over these types are settled first, in this order, because the rest is judged by them. */
const AUTH_TYPES = ['m.room.power_levels', 'm.room.join_rules', 'm.room.member'];

/**
 * State resolution of room version 1, with its known faults, which other servers have too.
 * Spec: "State resolution" of room version 1.
 */
export function resolveV1(graph: EventGraph, states: readonly StateMap[]): Map<string, string> {
  const { unconflicted, conflicted } = splitConflicts(states, 'ignored');
  const state = new Map(unconflicted);
  const disputes = [...conflicted.values()]
    .map((ids) => newestFirst([...ids].map((eventId) => graph.get(eventId)).filter((event) => !event.rejected)))
    .filter((candidates) => candidates.length > 0);
  for (const type of AUTH_TYPES) {
    const settled = disputes
      .filter(([newest]) => newest?.pdu.type === type)
      .map((events) => settleAuth(graph, state, events));
    for (const event of settled) put(state, event);
  }
  const others = disputes.filter(([newest]) => !AUTH_TYPES.includes(newest?.pdu.type ?? ''));
  for (const event of others.map((events) => settleOther(graph, state, events))) put(state, event);
  return state;
}

/** From the oldest on, each is taken while the rules allow it after the one before; the first refusal ends it. */
function settleAuth(
  graph: EventGraph,
  state: ReadonlyMap<string, string>,
  candidates: ResolvableEvent[],
): ResolvableEvent {
  const scratch = new Map(state);
  const [oldest, ...rest] = [...candidates].reverse() as [ResolvableEvent, ...ResolvableEvent[]];
  let winner = oldest;
  for (const event of rest) {
    put(scratch, winner);
    if (!isAllowed(graph, event, lookupIn(graph, scratch))) break;
    winner = event;
  }
  return winner;
}

/** The newest that the rules allow; when they allow none, the oldest, as every other server of this version decides. */
function settleOther(
  graph: EventGraph,
  state: ReadonlyMap<string, string>,
  candidates: ResolvableEvent[],
): ResolvableEvent {
  const lookup = lookupIn(graph, state);
  const allowed = candidates.find((event) => isAllowed(graph, event, lookup));
  return allowed ?? (candidates.at(-1) as ResolvableEvent);
}

/** By descending depth, then ascending SHA-1 of the event id. */
function newestFirst(events: ResolvableEvent[]): ResolvableEvent[] {
  return events
    .map((event) => ({ event, digest: hash('sha1', event.eventId, 'hex') }))
    .sort((a, b) => b.event.pdu.depth - a.event.pdu.depth || (a.digest < b.digest ? -1 : 1))
    .map(({ event }) => event);
}

function put(state: Map<string, string>, { eventId, pdu }: ResolvableEvent): void {
  state.set(stateEntryKey(pdu.type, pdu.state_key ?? ''), eventId);
}
