import type { JsonValue } from '#kernel/json';
import type { InspectedEvent, SignedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import type { RoomInfo } from '../room-state';
import type {
  EventTemplate,
  IngestOutcome,
  PartialRoom,
  RoomImport,
  StateCompletion,
  TemplateClaim,
} from './ingest.model';
import type { StoredEvent, TimeQuery } from './timeline.model';

/** Checks signatures of events, with keys that were valid at the events' times. Implemented by federation. */
export interface EventVerifier {
  /**
   * For each event, whether all servers of `requiredSigners` have signed it validly: undefined, or why not. Never rejects
   * because of what the events are; fetches the keys of all of them together, on behalf of `bringer`, the server that
   * brought them.
   */
  verify(version: RoomVersion, events: readonly InspectedEvent[], bringer: string): Promise<(Error | undefined)[]>;
}

/** State and auth chain of an event, as ids. */
export interface RemoteStateIds {
  readonly stateIds: readonly string[];
  readonly authChainIds: readonly string[];
}

/** The same as events, unchecked. */
export interface RemoteState {
  readonly state: readonly JsonValue[];
  readonly authChain: readonly JsonValue[];
}

/** The event that a server has nearest to a time. */
export interface RemoteEventTime {
  readonly eventId: string;
  readonly originServerTs: number;
}

/**
 * Asks other servers for events that this one lacks. Implemented by federation. Answers are unchecked JSON, limited in size
 * and time; every call rejects when the server cannot be reached or refuses, and when the signal calls it off. The caller
 * keeps budgets per room and origin.
 */
export interface MissingEventSource {
  /** Spec: server-server, `POST get_missing_events`. */
  getMissingEvents(
    server: string,
    roomId: string,
    request: {
      readonly earliest: readonly string[];
      readonly latest: readonly string[];
      readonly limit: number;
      readonly minDepth: number;
    },
    signal?: AbortSignal,
  ): Promise<readonly JsonValue[]>;
  /** Spec: `GET event/{eventId}`: the one event; undefined when the server does not have it. */
  event(server: string, eventId: string, signal?: AbortSignal): Promise<JsonValue | undefined>;
  /** Spec: `GET state_ids/{roomId}`: before an event. */
  stateIds(server: string, roomId: string, eventId: string, signal?: AbortSignal): Promise<RemoteStateIds>;
  /** Spec: `GET state/{roomId}`: before an event. */
  state(server: string, roomId: string, eventId: string, signal?: AbortSignal): Promise<RemoteState>;
  /** Spec: `GET event_auth/{roomId}/{eventId}`. */
  eventAuth(server: string, roomId: string, eventId: string, signal?: AbortSignal): Promise<readonly JsonValue[]>;
  /** Spec: `GET backfill/{roomId}`: the events named and what came before them. */
  backfill(
    server: string,
    roomId: string,
    eventIds: readonly string[],
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly JsonValue[]>;
  /** Spec: `GET timestamp_to_event/{roomId}`: undefined when the server has none in that direction, or says nonsense. */
  nearestTo(
    server: string,
    roomId: string,
    time: TimeQuery,
    signal?: AbortSignal,
  ): Promise<RemoteEventTime | undefined>;
}

/** Which servers are in rooms. Implemented by membership. */
export interface RoomServers {
  /** Whether any user of this server is joined. */
  isResident(room: Pick<RoomInfo, 'nid'>): Promise<boolean>;
  /** Some joined users of this server, who can bring loose ends of the room together. */
  localMembers?(room: Pick<RoomInfo, 'nid'>, limit: number): Promise<string[]>;
  /** Servers with a joined user but this one: the one named, when it is among them, then the likeliest to answer. */
  serversToAsk(room: Pick<RoomInfo, 'nid'>, limit: number, likeliest?: string): Promise<string[]>;
}

/** A room's policy server, when it has one. Implemented by federation. Spec: server-server, "Policy Servers". */
export interface EventPolicy {
  /** Whether a policy server judges events of the room that are of this type and state key. From memory for most rooms. */
  concerns(room: RoomInfo, event: { readonly type: string; readonly stateKey?: string | undefined }): Promise<boolean>;
  /**
   * The event with the policy server's valid signature, which is asked for when the event does not carry it; the event as it
   * is where no policy server judges it.
   * @throws PolicyUnavailableError when the policy server cannot be asked; MatrixError when it refuses. Then an event of ours
   * is not sent, and one from elsewhere is soft-failed, but waits a while for a policy server that cannot be asked
   */
  vouch<E extends SignedEvent>(room: RoomInfo, event: E): Promise<E>;
}

/**
 * Fetches history that this server lacks; asked by pages that end at a gap, and by those who look for a time in one.
 * Implemented by the ingest on {@link MissingEventSource}. Resolves when done, at the latest after `waitMs`.
 */
export interface BackfillSource {
  /** True when history above (older than) the event was added: read again. */
  fillAbove(room: RoomInfo, events: readonly StoredEvent[], waitMs: number): Promise<boolean>;
  /** True when an event that is nearer to a time than any that was here was added: read again. */
  fillNear(room: RoomInfo, time: TimeQuery, waitMs: number): Promise<boolean>;
}

/** Everything that the timeline needs of federation and membership. Bound in `compose.ts`; absent while federation is off. */
export interface IngestPorts {
  readonly verifier: EventVerifier;
  readonly source: MissingEventSource;
  readonly servers: RoomServers;
  readonly policy?: EventPolicy;
}

/**
 * The one door for events from elsewhere. `timeline.ingest` implements it; federation codes against it.
 * Spec: server-server, "Checks performed on receipt of a PDU".
 */
export interface IncomingEvents {
  /**
   * PDUs pushed in a transaction, or sent to us in any other way without being asked for. One outcome for each, in order;
   * never rejects because of what the events are. Events whose predecessors are unknown are stored durably and answered as
   * `staged`; what is missing is fetched in the background from `origin`, or from others where that does not help.
   */
  receive(origin: string, pdus: readonly JsonValue[]): Promise<IngestOutcome[]>;
  /**
   * One event that its sender waits for (send_join, send_leave, send_knock, an exchanged invite) in a room of ours.
   * @throws MatrixError when it is of another room than `roomId`, dropped, rejected or soft-failed: M_FORBIDDEN, M_BAD_JSON…
   */
  accept(origin: string, roomId: string, pdu: JsonValue): Promise<StoredEvent>;
}

/** Rooms that come from other servers, whole. */
export interface RoomImporting {
  /**
   * Makes a room known after a remote join of one of our users: checks everything, drops what is bad, and writes state and
   * join in one transaction. A room that was known before keeps its history; the join follows a gap.
   * @throws ForbiddenError, BadJsonError when the create event or the join does not hold
   */
  importRoom(room: RoomImport): Promise<{ readonly room: RoomInfo; readonly join: StoredEvent }>;
  /** Brings the members that a partial import lacked; what was judged meanwhile is judged again. */
  completeState(room: RoomInfo, completion: StateCompletion): Promise<void>;
  /** Rooms whose state still lacks members, to be completed after a restart too. */
  partialRooms(): Promise<readonly PartialRoom[]>;
  /** Resolves when the room's state is whole, at once when it is; rejects with LimitExceededError after `waitMs`. */
  whole(room: Pick<RoomInfo, 'nid'>, waitMs: number): Promise<void>;
}

/** Events that another server signs on our template, or we on its. */
export interface EventTemplates {
  /**
   * An event that would be allowed now, for a user of another server to sign.
   * @throws ForbiddenError by the room's rules
   */
  draftFor(
    room: RoomInfo,
    draft: {
      readonly type: string;
      readonly sender: string;
      readonly stateKey: string;
      readonly content: { readonly [key: string]: JsonValue };
    },
  ): Promise<EventTemplate>;
  /**
   * Signs an event of one of our users in a room that another server knows. Only `prev_events`, `auth_events`, `depth` and
   * (for joins) `join_authorised_via_users_server` are taken from its template, after their form was checked.
   * @throws BadJsonError
   */
  signTemplate(claim: TemplateClaim, template: JsonValue): SignedEvent;
  /**
   * Adds this server's signature to a member event of another server: an invite of our user, or a join in a room of ours,
   * after the caller has checked what a join says about our users. Checks type, room, target and sender against what was
   * asked.
   * @throws BadJsonError, ForbiddenError
   */
  countersign(
    version: RoomVersion,
    event: InspectedEvent,
    expected: {
      readonly roomId: string;
      readonly membership: 'invite' | 'join';
      readonly senderServer: string;
      /** The state key. */
      readonly userId: string;
    },
  ): SignedEvent;
}
