import type { Pdu } from '#protocol/events/index';
import type { SnapshotNode, StateEntry } from '../../room-state';
import type { StoredEvent } from '../timeline.model';

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
  /** This and the next two are let go of after the commit: see {@link letGoOf}. */
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

/** The same from elsewhere, beside others or before them. */
export type PlacedApart = PreparedEvent & { readonly incoming: Incoming };

/** A state as a stored snapshot and what is laid over it; event 0 takes a key away, {@link OWN} is the event itself. */
export interface StateBase {
  readonly node: SnapshotNode | undefined;
  readonly changes: readonly StateEntry[];
}

/** Stands for the number of an event that has none yet. */
export const OWN = -1;

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

/** Lets go of what only the writing of an event needed: each event would hold all before it. */
export function letGoOf(event: PreparedEvent): void {
  Object.assign(event, FORGOTTEN);
}

/** A committed event as heads hold it. */
export function toHeadEvent(event: StoredEvent): HeadEvent {
  return { eventId: event.eventId, pdu: event.pdu as Pdu, stored: event };
}

/** The extremities beside an event that is one: none unless it came from elsewhere, and all committed before it. */
export function unfollowedBy(event: PreparedEvent): readonly StoredEvent[] | undefined {
  if (event.incoming === undefined) return [];
  return event.incoming.extremities?.filter((one) => one !== event).map((one) => one.stored!);
}

/** What a state event without a number lays over the state before it: its own entry, under {@link OWN}. */
export function ownEntry({ type, state_key: stateKey }: Pdu): StateEntry[] {
  return stateKey === undefined ? [] : [{ type, stateKey, eventNid: OWN }];
}
