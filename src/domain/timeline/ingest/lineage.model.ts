import { authEventIds, prevEventIds, type InspectedEvent } from '#protocol/events/index';
import type { VerifiedEvent } from '../ingest.model';
import { inOrder } from './outliers.service';

/** Those that others follow come first. */
export function ordered(events: readonly VerifiedEvent[]): VerifiedEvent[] {
  return inOrder(new Map(events.map((event) => [event.eventId, event])), prevEventIds) as VerifiedEvent[];
}

/** Those of the events from which the ones named follow, with them. */
export function leadingTo(eventIds: readonly string[], events: readonly VerifiedEvent[]): VerifiedEvent[] {
  const byId = new Map(events.map((event) => [event.eventId, event]));
  const wanted = new Set(eventIds.filter((eventId) => byId.has(eventId)));
  for (const eventId of wanted) {
    for (const before of prevEventIds(byId.get(eventId)!.pdu)) if (byId.has(before)) wanted.add(before);
  }
  return events.filter((event) => wanted.has(event.eventId));
}

/** Those of the events that an event rests on: what is beside its auth chain was not asked for. SECURITY: row 36. */
export function chainOf(event: InspectedEvent, events: readonly VerifiedEvent[]): VerifiedEvent[] {
  const given = new Map(events.map((one) => [one.eventId, one]));
  const chain = new Set(authEventIds(event.pdu));
  for (const id of chain) {
    const known = given.get(id);
    if (known !== undefined) authEventIds(known.pdu).forEach((authId) => chain.add(authId));
  }
  return [...given.values()].filter(({ eventId }) => chain.has(eventId));
}
