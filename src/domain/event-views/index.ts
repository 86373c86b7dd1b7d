/**
 * Event views: the only way an event reaches a client. Visibility, redaction, `unsigned`, bundled relations. Owns no
 * table. Spec: client-server, "Room event format", "Room History Visibility", "Ignoring Users", "Aggregations".
 */
export { EventViews, type ViewOptions } from './event-views.service';
export { ForServers } from './for-servers.service';
export type {
  FederationReading,
  JoinState,
  MissingEventsQuery,
  OutgoingEvent,
  StateIdsWithChain,
  StateWithChain,
} from './federation-reads.model';
