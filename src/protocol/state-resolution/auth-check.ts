import { ForbiddenError } from '#kernel/errors';

import { checkAuth } from '../auth-rules/check-auth';
import type { StateLookup } from '../auth-rules/context';
import { authTypesFor } from '../auth-rules/select';
import { stateEntryKey } from '../state-key';
import type { EventGraph, ResolvableEvent } from './event-graph';

/**
 * Applies events one after another to a state, each only if the rules allow it there. What the state lacks is taken from
 * the event's own auth events. Rejected events are neither applied nor trusted as authority. Changes `state`.
 */
export function applyInOrder(graph: EventGraph, state: Map<string, string>, eventIds: readonly string[]): void {
  for (const eventId of eventIds) {
    const event = graph.get(eventId);
    const { pdu } = event;
    if (event.rejected || pdu.state_key === undefined) continue;
    if (isAllowed(graph, event, authorityOf(graph, state, event))) {
      state.set(stateEntryKey(pdu.type, pdu.state_key), eventId);
    }
  }
}

/** Whether the rules allow an event in the light of a lookup. */
export function isAllowed(graph: EventGraph, event: ResolvableEvent, lookup: StateLookup): boolean {
  try {
    checkAuth(graph.version, event.pdu, lookup, graph.createEvent);
    return true;
  } catch (error) {
    if (error instanceof ForbiddenError) return false;
    throw error;
  }
}

/** Looks up events of a state; undefined for an entry that the state lacks, or that holds a rejected event. */
export function lookupIn(graph: EventGraph, state: ReadonlyMap<string, string>): StateLookup {
  return (type, stateKey) => {
    const eventId = state.get(stateEntryKey(type, stateKey));
    const event = eventId === undefined ? undefined : graph.get(eventId);
    return event === undefined || event.rejected ? undefined : event.pdu;
  };
}

function authorityOf(graph: EventGraph, state: ReadonlyMap<string, string>, event: ResolvableEvent): StateLookup {
  const authority = new Map<string, ResolvableEvent>();
  for (const authId of graph.authEvents(event.eventId)) {
    const auth = graph.find(authId);
    if (auth === undefined || auth.rejected || auth.pdu.state_key === undefined) continue;
    authority.set(stateEntryKey(auth.pdu.type, auth.pdu.state_key), auth);
  }
  for (const [type, stateKey] of authTypesFor(graph.version, event.pdu)) {
    const key = stateEntryKey(type, stateKey);
    const current = state.get(key);
    const found = current === undefined ? undefined : graph.get(current);
    if (found !== undefined && !found.rejected) authority.set(key, found);
  }
  return (type, stateKey) => authority.get(stateEntryKey(type, stateKey))?.pdu;
}
