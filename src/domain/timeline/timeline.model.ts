import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Position } from '#platform/storage/storage';

/**
 * The ordinal of events that have no place in the order and are not shown in it: outliers (known, but not what came before
 * them), rejected and soft-failed events. Older than every place, which is where the state that they may be comes from.
 */
export const NO_PLACE = Number.MIN_SAFE_INTEGER;

/** `snapshotBefore` of outliers. */
export const UNKNOWN_STATE = -1;

/** An event as stored. `pdu` is the federation form, immutable; `eventId` is kept beside it in every room version. */
export interface StoredEvent {
  readonly nid: number;
  readonly roomNid: number;
  readonly roomId: string;
  readonly eventId: string;
  /** Place in the room's one order: live events 1, 2, 3…; backfilled ones 0, -1, -2…; {@link NO_PLACE} for those not shown. */
  readonly ordinal: number;
  readonly position: Position;
  readonly type: string;
  /** Null for message events. */
  readonly stateKey: string | null;
  readonly sender: string;
  readonly originServerTs: number;
  readonly depth: number;
  /** The state before this event, as its predecessors make it; {@link UNKNOWN_STATE} for outliers. */
  readonly snapshotBefore: number;
  /** The same with this event, unless it was rejected or is no state. */
  readonly snapshotAfter: number;
  /** The room's state as this server showed it when the event took its place. */
  readonly currentBefore: number;
  /** The event that this one replaced in the state, when it is a state event. */
  readonly replacesNid: number | null;
  /** The redaction in force, or null. Redaction is applied when events are read for anybody, not to `pdu`. */
  readonly redactedByNid: number | null;
  readonly pdu: JsonObject;
}

/** What a local user asks to be written; the room's owner adds the rest and signs. */
export interface EventDraft {
  readonly roomId: string;
  readonly type: string;
  /** Present (also empty) for state events. */
  readonly stateKey?: string;
  readonly content: JsonObject;
  /** Event id that a redaction redacts. */
  readonly redacts?: string;
  /** `origin_server_ts` override, application services only. */
  readonly originServerTs?: number;
}

/** Makes a repeated request give the first answer: scoped by user, device (or token) and path. */
export interface TransactionKey {
  readonly userId: string;
  /** Device id, or `token:<id>` for sessions without one. */
  readonly scope: string;
  /** The operation's path with its parameters, without the transaction id. */
  readonly path: string;
  readonly txnId: string;
}

/** Payload of the `timeline` stream. */
export interface TimelineNews {
  readonly event: StoredEvent;
}

/** Payload of the `restated_rooms` stream. */
export interface RestatedRoomNews {
  readonly roomNid: number;
}

/** Direction of reading: `b` towards older events. */
export type Direction = 'b' | 'f';

/** Events from a time on, or up to it, in milliseconds; nearest first. */
export interface TimeQuery {
  readonly ts: number;
  readonly direction: Direction;
}

/** What a session's transaction ids are scoped by: its device, or for sessions without one its token. */
export function transactionScope(requester: Requester): string {
  return requester.deviceId ?? `token:${requester.tokenId}`;
}
