import { authEventIds, prevEventIds, type InspectedEvent } from '#protocol/events/index';
import type { VerifiedEvent } from '../ingest.model';

/** Those that others follow come first. */
export function ordered(events: readonly VerifiedEvent[]): VerifiedEvent[] {
  return inOrder(new Map(events.map((event) => [event.eventId, event])), prevEventIds);
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

/** Authority first. A circle, which hashes make impossible but for versions 1 and 2, is left out. */
export function inAuthOrder(events: ReadonlyMap<string, InspectedEvent>): InspectedEvent[] {
  return inOrder(events, authEventIds);
}

/** Those that others lead to come first; without recursion, since chains are as long as strangers make them. */
function inOrder<E extends InspectedEvent>(
  events: ReadonlyMap<string, E>,
  references: (pdu: E['pdu']) => readonly string[],
): E[] {
  const waiting = new Map<string, number>();
  const followers = new Map<string, E[]>();
  const free: E[] = [];
  for (const event of events.values()) {
    const inside = [...new Set(references(event.pdu))].filter((id) => events.has(id));
    waiting.set(event.eventId, inside.length);
    if (inside.length === 0) free.push(event);
    for (const id of inside) {
      const list = followers.get(id);
      if (list === undefined) followers.set(id, [event]);
      else list.push(event);
    }
  }
  for (const event of free) {
    for (const follower of followers.get(event.eventId) ?? []) {
      const left = waiting.get(follower.eventId)! - 1;
      waiting.set(follower.eventId, left);
      if (left === 0) free.push(follower);
    }
  }
  return free;
}
