import type { MatrixError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import type { InspectedEvent, Pdu } from '#protocol/events/index';
import type { RoomInfo } from '../room-state';
import type { StoredEvent } from './timeline.model';

/**
 * What became of an event from elsewhere: shown in the room's order; kept but not shown because the room's present state
 * forbids it, or because it was never allowed; there before; kept until the events before it have come; or not kept.
 */
export type IngestStatus = 'accepted' | 'soft_failed' | 'rejected' | 'known' | 'staged' | 'dropped';

export interface IngestOutcome {
  /** Undefined when the event was too broken to have one. */
  readonly eventId: string | undefined;
  readonly status: IngestStatus;
  /** Why it was rejected, soft-failed or dropped. */
  readonly error?: MatrixError;
  /** The event as stored, when it was accepted just now. */
  readonly event?: StoredEvent;
}

/** A room that a remote join (or the end of a partial one) lets this server know. Everything in it is unchecked. */
export interface RoomImport {
  readonly roomId: string;
  readonly version: string;
  /** The server that answered send_join, which is asked for what is missing. */
  readonly origin: string;
  /** State before the join event; without most members when `partial`. */
  readonly state: readonly JsonValue[];
  readonly authChain: readonly JsonValue[];
  /** As the resident server returned it, or as we sent it. */
  readonly joinEvent: JsonValue;
  /** Set when members were omitted. */
  readonly partial?: { readonly serversInRoom: readonly string[] };
}

/** The rest of a state whose members were omitted. */
export interface StateCompletion {
  readonly origin: string;
  /** The event before which `state` holds: the join that began with partial state. */
  readonly eventId: string;
  readonly state: readonly JsonValue[];
  readonly authChain: readonly JsonValue[];
}

/** An event that passed the checks which need no room: format, size, hash, signatures. */
export interface VerifiedEvent extends InspectedEvent {
  readonly origin: string;
}

/** An unsigned event for a remote user to sign, as make_join, make_leave and make_knock answer. */
export interface EventTemplate {
  readonly roomVersion: string;
  /** Without hashes and signatures. Versions 1 and 2 have an event id. */
  readonly pdu: Pdu;
}

/** What of an event is ours to choose when another server gave us the template. */
export interface TemplateClaim {
  readonly roomId: string;
  readonly version: string;
  readonly type: 'm.room.member';
  /** Sender and state key: a user of ours. */
  readonly userId: string;
  readonly membership: 'join' | 'leave' | 'knock';
  /** Display name, avatar, reason; `membership` is set from above. */
  readonly content: { readonly [key: string]: JsonValue };
}

/** A room that was joined by partial state. */
export interface PartialRoom {
  readonly room: RoomInfo;
  /** The join before which the state lacks members. */
  readonly eventId: string;
  /** Whom to ask, the answerer of send_join first. */
  readonly servers: readonly string[];
}
