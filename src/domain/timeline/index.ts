/**
 * The timeline: events of rooms, each room's one order, and where each room stands. Owns the tables `events`, `event_json`,
 * `event_edges`, `event_transactions`, `room_heads`, `room_extremities`, the DAG's own (see
 * `store/dag.entity.ts`) and the streams `timeline` and `restated_rooms`. Spec: client-server API, "Events"; server-server API, "PDUs".
 */
export { Timeline } from './timeline.service';
export type { TimelineConfig } from './timeline.config';
export { DuplicateAnnotationError, NotInRoomError, PolicyUnavailableError, RoomRulesError } from './timeline.errors';
export { RESTATED_ROOMS_STREAM, TIMELINE_STREAM } from './timeline.stream';
export type { NewRoomRequest } from './sending/new-rooms.service';
export type { OrdinalRange } from './store/event.repository';
export type { AppendedEvent, AppendParticipant, DraftRule, ResolvedChange, Withdrawal } from './timeline.ports';
export type {
  Direction,
  EventDraft,
  RestatedRoomNews,
  StoredEvent,
  TimelineNews,
  TimeQuery,
  TransactionKey,
} from './timeline.model';
export { transactionScope } from './timeline.model';
export type {
  BackfillSource,
  EventPolicy,
  EventTemplates,
  EventVerifier,
  IncomingEvents,
  IngestPorts,
  MissingEventSource,
  RemoteEventTime,
  RemoteState,
  RemoteStateIds,
  RoomImporting,
  RoomServers,
} from './ingest.ports';
export type {
  EventTemplate,
  IngestOutcome,
  IngestStatus,
  PartialRoom,
  RoomImport,
  StateCompletion,
  TemplateClaim,
} from './ingest.model';
export type { RequestExpiryJob } from './writing/request-expiry.job';
export { NO_PLACE, UNKNOWN_STATE } from './timeline.model';
