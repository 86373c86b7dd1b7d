import type { JsonObject } from '#kernel/json';
import type { ClientEvent } from '#protocol/events/index';
import type { CompiledFilter, RoomEventFilter } from '#protocol/filters/index';
import type { Direction, StoredEvent } from '../timeline';

/** Events on one page, or around one event, for whoever does not say how many. */
export const DEFAULT_LIMIT = 10;
export const MAX_LIMIT = 1_000;

export interface PageQuery {
  /** A place or sync token; the end of the order that the direction comes from when left out. */
  readonly from?: string;
  readonly to?: string;
  readonly dir: Direction;
  readonly limit?: number;
  readonly filter?: RoomEventFilter;
}

export interface Page {
  readonly start: string;
  /** Absent when there is nothing more in this direction. */
  readonly end?: string;
  readonly chunk: ClientEvent[];
  /** Member events of the senders, when members are loaded lazily. */
  readonly state?: ClientEvent[];
}

export interface EventContext {
  readonly start: string;
  readonly end: string;
  readonly event: ClientEvent;
  readonly events_before: ClientEvent[];
  readonly events_after: ClientEvent[];
  readonly state: ClientEvent[];
}

/** Whether a reader's filter lets an event pass. */
export function passes(filter: CompiledFilter, { type, sender, pdu, roomId }: StoredEvent): boolean {
  return filter.passesAll
    ? filter.allowsRoom(roomId)
    : filter.allowsRoom(roomId) && filter.matches({ type, sender, content: pdu.content as JsonObject });
}
