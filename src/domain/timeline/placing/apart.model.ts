import type { SignedEvent } from '#protocol/events/index';
import type { DagEvent } from '../store/dag.model';
import type { PlacingOptions } from './placing.model';
import type { Surroundings } from './surroundings.service';

/** An event that does not simply follow all there is. */
export interface Apart {
  readonly event: SignedEvent;
  readonly around: Surroundings;
  readonly options: PlacingOptions;
  /** The event as it was known without its history. */
  readonly outlier: DagEvent | undefined;
}
