import type { RoomInfo } from '../room-state';
import type { Direction, StoredEvent } from '../timeline';

/** The state before an event, with what authorises it. `pdu` of each is as it goes out. */
export interface StateWithChain {
  readonly state: readonly OutgoingEvent[];
  readonly authChain: readonly OutgoingEvent[];
}

/** The state before a join. */
export interface JoinState extends StateWithChain {
  /** The servers with a joined user other than the one who joins. */
  readonly serversInRoom: readonly string[];
}

export interface StateIdsWithChain {
  readonly stateIds: readonly string[];
  readonly authChainIds: readonly string[];
}

/** An event as a server may have it: `pdu` is redacted where the server must not see, or a redaction is in force. */
export type OutgoingEvent = Pick<StoredEvent, 'eventId' | 'pdu' | 'nid' | 'originServerTs'>;

/** What get_missing_events asks. */
export interface MissingEventsQuery {
  readonly earliest: readonly string[];
  readonly latest: readonly string[];
  readonly limit: number;
  readonly minDepth: number;
}

/**
 * What other servers may read of rooms. `server` is who asks, authenticated. Every call that names a room is refused with
 * ForbiddenError for servers that are not in it or that its ACL denies, and with NotFoundError for unknown rooms; an event
 * of another room is refused exactly like an unknown one (NotFoundError). All are bounded in what they read.
 */
export interface FederationReading {
  /** The room, when the server is in it and its ACL lets it in. Handlers call it first for make_* and send_* (`inRoom: false`). */
  room(server: string, roomId: string, options?: { readonly inRoom?: boolean }): Promise<RoomInfo>;
  /** Spec: `GET event`. The room follows from the event. */
  event(server: string, eventId: string): Promise<OutgoingEvent>;
  state(server: string, roomId: string, eventId: string): Promise<StateWithChain>;
  stateIds(server: string, roomId: string, eventId: string): Promise<StateIdsWithChain>;
  /** State before a join that was just accepted, for its answer; without members but those that matter when `omitMembers`. */
  joinState(join: StoredEvent, options: { readonly omitMembers: boolean }): Promise<JoinState>;
  eventAuth(server: string, roomId: string, eventId: string): Promise<OutgoingEvent[]>;
  missingEvents(server: string, roomId: string, query: MissingEventsQuery): Promise<OutgoingEvent[]>;
  backfill(server: string, roomId: string, eventIds: readonly string[], limit: number): Promise<OutgoingEvent[]>;
  timestampToEvent(server: string, roomId: string, ts: number, direction: Direction): Promise<OutgoingEvent>;
  /** The events of a room in the form in which `server` may have them, in order, invisible ones redacted. For the sender. */
  visibleToServer(server: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<OutgoingEvent[]>;
}
