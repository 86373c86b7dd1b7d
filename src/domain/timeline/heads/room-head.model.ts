import { serverNameOf } from '#kernel/ids';
import type { RoomClaim } from '#platform/cluster/room-ownership';
import type { Position } from '#platform/storage/storage';
import { MAX_PREV_EVENTS } from '#protocol/events/format';
import type { RoomVersion } from '#protocol/room-versions';
import { stateMapKey, type RoomInfo, type SnapshotNode } from '../../room-state';
import {
  letGoOf,
  OWN,
  toHeadEvent,
  type HeadEvent,
  type PlacedApart,
  type PreparedEvent,
} from './prepared-event.model';

/** Free places left where history is missing, to be filled later. */
const HOLE = 1_000_000;

/** Committed entries of state kept at hand; those not committed yet are kept besides. */
const KEPT_ENTRIES = 128;

/**
 * Where a room stands in the eyes of its owner, ahead of what is committed: events are prepared one after another on it
 * without waiting for commits. When a commit fails the head is thrown away and read again.
 */
export class RoomHead {
  /** Undefined until the room's first commit. */
  room: RoomInfo | undefined;
  /** The newest committed state. */
  snapshot: SnapshotNode | undefined;
  /** False while the room is only known by an invite or a knock. */
  isOpen = true;
  ordinal = 0;
  /** Of the newest event that was committed. */
  position: Position | undefined;
  depth = 0;
  /** Ordinal and depth as committed. */
  committedOrdinal = 0;
  committedDepth = 0;
  extremities: readonly HeadEvent[] = [];
  /** Appends handed to the committer and not yet ended. */
  inFlight = 0;
  /** Why this head may not be used any more. */
  failure: Error | undefined;
  private readonly state = new Map<string, HeadEvent | undefined>();
  private readonly uncommitted = new Map<string, PreparedEvent>();
  private readonly redacted = new Set<string>();
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    readonly roomId: string,
    readonly version: RoomVersion,
    /** What entitles this process to write the room; every transaction on this head proves it. */
    readonly claim: RoomClaim,
  ) {}

  /** More extremities than one event may follow. */
  get isCrowded(): boolean {
    return this.extremities.length > MAX_PREV_EVENTS;
  }

  /** The place of the next event; behind a gap, unless nothing is before it, with places left for what is missing. */
  nextOrdinal(isBehindGap: boolean): number {
    return this.ordinal + 1 + (isBehindGap && this.ordinal > 0 ? HOLE : 0);
  }

  /** Whether an event that names these as its predecessors follows all there is. */
  isFollowedBy(previousIds: readonly string[]): boolean {
    const distinct = new Set(previousIds);
    return distinct.size === this.extremities.length && this.extremities.every((one) => distinct.has(one.eventId));
  }

  /**
   * What an event made by a server follows: all extremities, or as many as it may name. Its own come first, since they know
   * of its users, then the newest.
   */
  followedBy(serverName: string): readonly HeadEvent[] {
    if (!this.isCrowded) return this.extremities;
    const isOwn = ({ pdu }: HeadEvent): boolean => serverNameOf(pdu.sender) === serverName;
    const newestFirst = this.extremities.toReversed();
    return [...newestFirst.filter(isOwn), ...newestFirst.filter((one) => !isOwn(one))].slice(0, MAX_PREV_EVENTS);
  }

  /** Runs work on this head after all work before it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => undefined);
    return result;
  }

  /** What is known of a state key: an event, undefined for none, or 'unknown'. */
  peek(type: string, stateKey: string): HeadEvent | undefined | 'unknown' {
    const key = stateMapKey(type, stateKey);
    const known = this.state.get(key);
    return known !== undefined || this.state.has(key) ? known : 'unknown';
  }

  /** Keeps what was read of the committed state, which is also the newest: newer entries are never let go. */
  learn(type: string, stateKey: string, event: HeadEvent | undefined): void {
    if (this.state.size >= KEPT_ENTRIES) this.forgetCommitted();
    this.state.set(stateMapKey(type, stateKey), event);
  }

  /** An event of this room that is prepared but perhaps not committed. */
  unfinished(eventId: string): PreparedEvent | undefined {
    return this.uncommitted.get(eventId);
  }

  /** Whether a redaction of this event is on its way. */
  isBeingRedacted(eventId: string): boolean {
    return this.redacted.has(eventId);
  }

  /** Moves the head past an event. */
  advance(event: PreparedEvent): void {
    const { pdu } = event;
    this.ordinal = event.ordinal;
    this.depth = Math.max(this.depth, pdu.depth);
    this.extremities = [event];
    this.uncommitted.set(event.eventId, event);
    if (pdu.state_key !== undefined) this.state.set(stateMapKey(pdu.type, pdu.state_key), event);
    if (event.redacts !== undefined) this.redacted.add(event.redacts.eventId);
  }

  /** Moves the head to where an event from elsewhere leaves it. */
  place(event: PlacedApart): void {
    const { pdu, incoming } = event;
    if (incoming.kind === 'live' && incoming.shown) this.ordinal = event.ordinal;
    if (incoming.extremities !== undefined) this.extremities = incoming.extremities;
    if (incoming.kind === 'live') this.depth = Math.max(this.depth, pdu.depth);
    this.uncommitted.set(event.eventId, event);
    for (const { type, stateKey, event: now } of incoming.changed) {
      this.state.set(stateMapKey(type, stateKey), now && toHeadEvent(now));
    }
    const isCurrent = incoming.current.some((entry) => entry.eventNid === OWN);
    if (isCurrent) this.state.set(stateMapKey(pdu.type, pdu.state_key!), event);
    if (event.redacts !== undefined) this.redacted.add(event.redacts.eventId);
  }

  /** Resolves when all that was handed to the committer is written or has failed. */
  async settled(): Promise<void> {
    for (const event of [...this.uncommitted.values()]) await event.written?.then(undefined, () => undefined);
  }

  /** Takes back events, newest last, that were prepared and will not be handed to the committer. */
  retreat(events: readonly PreparedEvent[]): void {
    for (const event of events.toReversed()) {
      const { pdu } = event;
      this.ordinal = event.ordinal - 1;
      this.depth = event.depthBefore;
      this.extremities = event.previous;
      this.uncommitted.delete(event.eventId);
      if (pdu.state_key !== undefined) this.state.set(stateMapKey(pdu.type, pdu.state_key), event.replaces);
      if (event.redacts !== undefined) this.redacted.delete(event.redacts.eventId);
    }
  }

  /** Notes that events are committed, in a state that ends at `snapshot`. */
  committed(events: readonly PreparedEvent[], snapshot: SnapshotNode | undefined): void {
    this.snapshot = snapshot;
    this.isOpen = true;
    for (const event of events) {
      this.uncommitted.delete(event.eventId);
      if (event.redacts !== undefined) this.forgetRedacted(event.redacts);
      letGoOf(event);
    }
  }

  /** What is held of a redacted state event does not know of its redaction: it will be read again. */
  private forgetRedacted({ eventId, pdu }: HeadEvent): void {
    this.redacted.delete(eventId);
    if (pdu.state_key === undefined) return;
    const key = stateMapKey(pdu.type, pdu.state_key);
    if (this.state.get(key)?.eventId === eventId) this.state.delete(key);
  }

  private forgetCommitted(): void {
    for (const [key, event] of this.state) {
      if (event === undefined || !this.uncommitted.has(event.eventId)) this.state.delete(key);
    }
  }
}
