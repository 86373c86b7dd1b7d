import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Positions } from '#platform/storage/storage';
import type { ClientEvent, StrippedState } from '#protocol/events/index';
import type { ReadingFilter } from './reading-filter.model';

/** What a client asks of `GET /sync`; the query parameters, typed. */
export interface SyncRequest {
  /** `next_batch` of an earlier answer. */
  readonly since?: string;
  /** Id of a stored filter, or a filter as JSON text. */
  readonly filter?: string;
  readonly fullState?: boolean;
  readonly useStateAfter?: boolean;
  readonly setPresence?: 'online' | 'unavailable' | 'offline';
  /** Milliseconds to wait when there is nothing. */
  readonly timeoutMs?: number;
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal;
}

/** The part of all streams that one answer covers: after `since` (undefined: from the beginning), up to `until`. */
export interface Window {
  readonly since: Positions | undefined;
  readonly until: Positions;
}

/** One look at the streams: who reads, how, and which part. Handed to every section. */
export interface Reading {
  readonly requester: Requester;
  readonly filter: ReadingFilter;
  readonly window: Window;
  readonly fullState: boolean;
  readonly useStateAfter: boolean;
}

/** An event that is not of a room's history. */
export type PlainEvent = { type: string; content: JsonObject; sender?: string };

export type EventBatch = { events: PlainEvent[] };

export interface StateBatch {
  events: ClientEvent[];
}

export interface StrippedBatch {
  events: StrippedState[];
}

export interface TimelineBatch extends StateBatch {
  limited: boolean;
  prev_batch?: string;
}

export interface UnreadCounts {
  highlight_count: number;
  notification_count: number;
}

export interface RoomSummary {
  'm.heroes'?: string[];
  'm.joined_member_count'?: number;
  'm.invited_member_count'?: number;
}

export interface JoinedRoomAnswer {
  summary?: RoomSummary;
  state?: StateBatch;
  state_after?: StateBatch;
  timeline?: TimelineBatch;
  ephemeral?: EventBatch;
  account_data?: EventBatch;
  unread_notifications?: UnreadCounts;
  unread_thread_notifications?: Record<string, UnreadCounts>;
}

export type LeftRoomAnswer = Pick<JoinedRoomAnswer, 'state' | 'state_after' | 'timeline' | 'account_data'>;

export interface RoomsAnswer {
  join?: Record<string, JoinedRoomAnswer>;
  invite?: Record<string, { invite_state: StrippedBatch }>;
  knock?: Record<string, { knock_state: StrippedBatch }>;
  leave?: Record<string, LeftRoomAnswer>;
}

/** The answer to `GET /sync`. Sections with nothing in them are left out. */
export interface SyncAnswer {
  next_batch: string;
  rooms?: RoomsAnswer;
  presence?: EventBatch;
  account_data?: EventBatch;
  to_device?: EventBatch;
  device_lists?: { changed: string[]; left: string[] };
  device_one_time_keys_count: Record<string, number>;
  device_unused_fallback_key_types: string[];
}
