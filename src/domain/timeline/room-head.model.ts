import { serverNameOf } from '#kernel/ids';
import type { RoomClaim } from '#platform/cluster/room-ownership';
import type { Pdu } from '#protocol/events/index';
import { MAX_PREV_EVENTS } from '#protocol/events/format';
import type { RoomVersion } from '#protocol/room-versions';
import type { Position } from '#platform/storage/storage';
import type { RoomInfo, SnapshotNode, StateEntry } from '../room-state';
import { stateMapKey } from '../room-state';
import type { StoredEvent } from './timeline.model';

/** An event as the head of its room holds it: perhaps not committed yet. */
export interface HeadEvent {
  readonly eventId: string;
  readonly pdu: Pdu;
  /** Set while it is written; final once committed. */
  stored?: StoredEvent;
}

/** An event that was authorised, placed and signed, and only has to be written. */
export interface PreparedEvent extends HeadEvent {
  /** Canonical JSON of `pdu`. */
  json: string;
  readonly ordinal: number;
  /** The head's depth before this event. */
  readonly depthBefore: number;
  /** This and the next two are let go of after the commit: each event would hold all before it. */
  previous: readonly HeadEvent[];
  replaces: HeadEvent | undefined;
  /** The event that this redaction puts out of force. */
  redacts: HeadEvent | undefined;
  /** The events that authorise it, when it is a state event. */
  auth: readonly HeadEvent[];
  /** For events with {@link incoming}: what held its key in the current state before. */
  replacesCurrent?: HeadEvent | undefined;
  /** Undefined for events that come after all extremities: ours, and most others. */
  incoming?: Incoming;
  /** The room's current state with it; set while it is written. */
  currentAfter?: number;
  /** Settles when the event is written; set when it is handed to the committer. */
  written?: Promise<unknown>;
}

/** A state as a stored snapshot and what is laid over it; event 0 takes a key away, {@link OWN} is the event itself. */
export interface StateBase {
  readonly node: SnapshotNode | undefined;
  readonly changes: readonly StateEntry[];
}

/** Free places left where history is missing, to be filled later. */
const HOLE = 1_000_000;

/** Stands for the number of an event that has none yet. */
export const OWN = -1;

/** What a committed event does not need to hold any more. */
const FORGOTTEN = {
  previous: [],
  replaces: undefined,
  redacts: undefined,
  auth: [],
  replacesCurrent: undefined,
  incoming: undefined,
  written: undefined,
  json: '',
};

/** What is different about an event from elsewhere that does not simply come after all there is. */
export interface Incoming {
  /** Shown at the end of the order; in the graph only; refused; shown before the order's beginning or in a gap. */
  readonly kind: 'live' | 'soft_failed' | 'rejected' | 'history';
  /** False for what takes no place in the order though it is live: redactions that are not in force. */
  readonly shown: boolean;
  /** The number it had as an outlier, or in the graph without members' state. */
  readonly outlierNid: number | undefined;
  readonly before: StateBase;
  /** How the room's current state differs afterwards, {@link OWN} for this event. Nothing for all but live events. */
  readonly current: readonly StateEntry[];
  /** What {@link current} changes, as events, for those who keep rows of the state. */
  readonly changed: readonly StateChange[];
  /** Predecessors that this server lacks. */
  readonly gaps: readonly string[];
  /** The position and state shown of the event above, for history. */
  readonly beside: StoredEvent | undefined;
  /** What the room's head refers to afterwards; undefined when it stays. */
  readonly extremities: readonly HeadEvent[] | undefined;
  /** Redactions that came before it and are in force. */
  readonly redactedBy: StoredEvent | undefined;
  /** The target of a redaction that this server does not have. */
  readonly redactsLater: string | undefined;
}

/** An entry of a room's current state that changes although its event is not new. */
export interface StateChange {
  readonly type: string;
  readonly stateKey: string;
  readonly event: StoredEvent | undefined;
  readonly replaced: StoredEvent | undefined;
}

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

  /** Moves the head to where an event from elsewhere leaves it. `state`: entries that changed besides the event's own. */
  place(event: PreparedEvent, incoming: Incoming, state: readonly StateChange[]): void {
    const { pdu } = event;
    if (incoming.kind === 'live' && incoming.shown) this.ordinal = event.ordinal;
    if (incoming.extremities !== undefined) this.extremities = incoming.extremities;
    if (incoming.kind === 'live') this.depth = Math.max(this.depth, pdu.depth);
    this.uncommitted.set(event.eventId, event);
    for (const { type, stateKey, event: now } of state) {
      const held = now && { eventId: now.eventId, pdu: now.pdu as Pdu, stored: now };
      this.state.set(stateMapKey(type, stateKey), held);
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
      Object.assign(event, { ...FORGOTTEN });
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
