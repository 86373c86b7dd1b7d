import { UNKNOWN_STATE } from '../timeline.model';

/** How an event stands in its room's graph, shown or not. */
export interface DagEvent {
  readonly nid: number;
  readonly roomNid: number;
  readonly eventId: string;
  /** Null for events that are not shown. */
  readonly ordinal: number | null;
  readonly depth: number;
  readonly rejected: boolean;
  readonly softFailed: boolean;
  /** {@link UNKNOWN_STATE} for outliers. */
  readonly snapshotBefore: number;
  readonly snapshotAfter: number;
}

/** Whether an event has its place in a room's graph: it is known with what came before it, and is of this room. */
export function isInGraph(event: DagEvent | undefined, roomNid: number): event is DagEvent {
  return event !== undefined && event.roomNid === roomNid && event.snapshotBefore !== UNKNOWN_STATE;
}
