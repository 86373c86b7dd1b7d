import type { MatrixError } from '#kernel/errors';
import type { HistoryPlace } from './history-places.service';
import type { IngestStatus } from '../ingest.model';
import type { StateView } from '../resolving/state-view.model';
import type { StoredEvent, TransactionKey } from '../timeline.model';

export interface PlacingOptions {
  /** The state before the event, from another server: when some of its predecessors are not here. */
  readonly fetched?: StateView;
  readonly history?: HistoryPlace;
  /** Why the room's policy server does not want it. */
  readonly policyRefusal?: MatrixError;
  /** The room's state lacks members: the event's own authority vouches for those. */
  readonly partial?: boolean;
  /** The request of a client that the event answers. */
  readonly transaction?: TransactionKey;
}

export interface Placed {
  readonly status: IngestStatus;
  readonly error?: MatrixError;
  /** Settles with the commit. */
  readonly written: Promise<StoredEvent | undefined>;
}

/** Of an event that is there already, nothing is written. */
export function alreadyKnown(): Placed {
  return { status: 'known', written: Promise.resolve(undefined) };
}

/** An event is not complete enough to be judged: these are missing. */
export class MissingEventsError extends Error {
  constructor(readonly eventIds: readonly string[]) {
    super(`${eventIds.length} events are missing`);
  }
}
