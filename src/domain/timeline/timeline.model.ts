import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Position } from '#platform/storage/storage';

/** An event as stored. `pdu` is the federation form, immutable; `eventId` is kept beside it in every room version. */
export interface StoredEvent {
  readonly nid: number;
  readonly roomNid: number;
  readonly roomId: string;
  readonly eventId: string;
  /** Place in the room's one order: live events 1, 2, 3…; backfilled ones 0, -1, -2…. */
  readonly ordinal: number;
  readonly position: Position;
  readonly type: string;
  /** Null for message events. */
  readonly stateKey: string | null;
  readonly sender: string;
  readonly originServerTs: number;
  readonly depth: number;
  /** The state before this event. */
  readonly snapshotBefore: number;
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

/** Direction of reading: `b` towards older events. */
export type Direction = 'b' | 'f';

/** What a session's transaction ids are scoped by: its device, or for sessions without one its token. */
export function transactionScope(requester: Requester): string {
  return requester.deviceId ?? `token:${requester.tokenId}`;
}
