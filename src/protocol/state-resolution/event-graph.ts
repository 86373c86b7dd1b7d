import { authEventIds, type Pdu } from '../events/pdu';
import type { RoomVersion } from '../room-versions';
import type { StateMap } from './state-map';

/** An event as the resolver needs it. */
export interface ResolvableEvent {
  readonly eventId: string;
  readonly pdu: Pdu;
  /** Rejected events never become state again (permanently, whatever the fork they turn up in). */
  readonly rejected: boolean;
}

/** Finds an event that was loaded beforehand; undefined for one that this server never got. */
export type EventLookup = (eventId: string) => ResolvableEvent | undefined;

/** The events of one resolution and their auth edges, each edge list read once. */
export class EventGraph {
  private readonly edges = new Map<string, readonly string[]>();

  constructor(
    readonly version: RoomVersion,
    readonly createEvent: Pdu,
    private readonly lookup: EventLookup,
  ) {}

  find(eventId: string): ResolvableEvent | undefined {
    return this.lookup(eventId);
  }

  /** An event that must be there: state cannot be resolved without the events that are in it. */
  get(eventId: string): ResolvableEvent {
    const event = this.lookup(eventId);
    if (event === undefined) throw new Error(`State resolution lacks the event ${eventId}`);
    return event;
  }

  /** Ids of the auth events; none for an event that is not there. */
  authEvents(eventId: string): readonly string[] {
    let ids = this.edges.get(eventId);
    if (ids === undefined) {
      const event = this.lookup(eventId);
      ids = event === undefined ? [] : authEventIds(event.pdu);
      this.edges.set(eventId, ids);
    }
    return ids;
  }

  /** The power levels event among an event's auth events. */
  powerLevelsOf(eventId: string): ResolvableEvent | undefined {
    for (const id of this.authEvents(eventId)) {
      const event = this.lookup(id);
      if (event?.pdu.type === 'm.room.power_levels' && event.pdu.state_key === '') return event;
    }
    return undefined;
  }

  /** The given events and all that their auth events lead to. */
  chain(eventIds: Iterable<string>): Set<string> {
    const seen = new Set(eventIds);
    // A set visits what is added while it is walked.
    for (const eventId of seen) {
      for (const authId of this.authEvents(eventId)) seen.add(authId);
    }
    return seen;
  }

  /**
   * Events in the auth chains of some states and not of all. As in every server that runs this algorithm, the events of a
   * state count as part of its chain; the specification's words leave them out, which differs for unconflicted ones only.
   */
  authDifference(states: readonly StateMap[]): Set<string> {
    const counts = new Map<string, number>();
    for (const state of states) {
      for (const eventId of this.chain(state.values())) counts.set(eventId, (counts.get(eventId) ?? 0) + 1);
    }
    return new Set([...counts].filter(([, count]) => count < states.length).map(([eventId]) => eventId));
  }

  /** All events on auth paths from one of the given events to another, ends included (version 12 and later). */
  subgraph(conflicted: ReadonlySet<string>): Set<string> {
    const above = this.chain(conflicted);
    const citedBy = new Map<string, string[]>();
    for (const eventId of above) {
      for (const authId of this.authEvents(eventId)) {
        const citing = citedBy.get(authId);
        if (citing === undefined) citedBy.set(authId, [eventId]);
        else citing.push(eventId);
      }
    }
    // Everything in `above` is below some conflicted event; now climb back from the conflicted ones.
    const onPath = new Set(conflicted);
    for (const eventId of onPath) {
      for (const citing of citedBy.get(eventId) ?? []) onPath.add(citing);
    }
    return onPath;
  }
}
