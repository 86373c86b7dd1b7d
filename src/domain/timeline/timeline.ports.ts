import type { Position, Tx } from '#platform/storage/storage';
import type { Requester } from '#kernel/requester';
import type { RoomInfo } from '../room-state';
import type { EventDraft, StoredEvent } from './timeline.model';

/** An entry of a room's current state that is not what it was. */
export interface ResolvedChange {
  readonly room: RoomInfo;
  readonly type: string;
  readonly stateKey: string;
  /** What holds the entry now; undefined when nothing does. */
  readonly event: StoredEvent | undefined;
  readonly replaced: StoredEvent | undefined;
  /** Where the change stands in the streams. */
  readonly position: Position;
}

/** One event that a transaction writes, with what its writer knows about it anyway. */
export interface AppendedEvent {
  readonly event: StoredEvent;
  /** The state event whose place this one takes; undefined for message events and for a key's first event. */
  readonly replaced?: StoredEvent;
  /** True when this event is now the room's current state under its type and key (soft-failed and old ones are not). */
  readonly isCurrentState: boolean;
  /** The event that this redaction puts out of force, when its sender may. */
  readonly redactedNid?: number;
  /** The room's forward extremities that it does not follow; undefined for events that are none themselves: old ones. */
  readonly unfollowed?: readonly StoredEvent[];
}

/** Events of a room that were shown and are not part of it after all: the whole state of the room refuses them. */
export interface Withdrawal {
  readonly room: RoomInfo;
  readonly events: readonly StoredEvent[];
  /** What only they had redacted, and is as it was before. */
  readonly restored: readonly StoredEvent[];
}

/**
 * Features that keep rows beside events (relations, the room directory, memberships, outboxes) take part in the
 * transaction that appends them. Called once a transaction, in the order of `compose.ts`, with every event that it writes,
 * rooms mixed, each room's events in order. Must be cheap for events that do not concern it: look at the type first.
 */
export interface AppendParticipant {
  eventsAppended?(tx: Tx, appended: readonly AppendedEvent[]): Promise<void>;
  /**
   * Entries of current states that changed although their events are not new: by state resolution, or because a whole
   * room came from another server. Called before {@link eventsAppended}; wanted by those who keep rows of the state.
   */
  stateChanged?(tx: Tx, changes: readonly ResolvedChange[]): Promise<void>;
  /** Events are taken out of their room. What they were as state is told by {@link stateChanged}. */
  eventsWithdrawn?(tx: Tx, withdrawal: Withdrawal): Promise<void>;
}

/**
 * A feature's rule on what local users may send, over and above the room's own rules: aliases must point to the room,
 * reactions must not repeat. Asked before the event is made, once a request; throws what the client is to see.
 */
export interface DraftRule {
  checkDraft(requester: Requester, room: RoomInfo, draft: EventDraft): Promise<void>;
}
