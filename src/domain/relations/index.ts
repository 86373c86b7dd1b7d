/**
 * Relations: which event points at which, for bundling, threads and receipts. Owns the table `event_relations`, written in
 * the events' own transactions. Spec: client-server, "Forming relationships between events", "Threading".
 */
export { Relations, type Aggregations } from './relations.service';
export type { ThreadSummary } from './relations.model';
export type { EditTarget } from './relations.repository';
