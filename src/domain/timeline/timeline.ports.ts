import type { Tx } from '#platform/storage/storage';
import type { StoredEvent } from './timeline.model';

/** One event that a transaction writes, with what its writer knows about it anyway. */
export interface AppendedEvent {
  readonly event: StoredEvent;
  /** The state event whose place this one takes; undefined for message events and for a key's first event. */
  readonly replaced?: StoredEvent;
  /** True when this event is now the room's current state under its type and key (soft-failed and old ones are not). */
  readonly isCurrentState: boolean;
  /** The event that this redaction puts out of force, when its sender may. */
  readonly redactedNid?: number;
}

/**
 * Features that keep rows beside events (relations, the room directory, memberships, outboxes) take part in the
 * transaction that appends them. Called once a transaction, in the order of `compose.ts`, with every event that it writes,
 * rooms mixed, each room's events in order. Must be cheap for events that do not concern it: look at the type first.
 */
export interface AppendParticipant {
  eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void>;
}
