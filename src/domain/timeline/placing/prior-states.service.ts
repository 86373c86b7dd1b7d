import type { RoomState } from '../../room-state';
import type { DagEvent } from '../store/dag.model';
import type { HeadMove } from './head-moves.service';
import type { PreparedEvent, StateBase } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { StateResolver } from '../resolving/state-resolver.service';
import type { StateView } from '../resolving/state-view.model';
import type { StoredEvent } from '../timeline.model';

/** The states before events that do not simply follow all there is: resolved from those after their predecessors. */
export class PriorStates {
  constructor(
    private readonly rooms: Pick<RoomState, 'snapshots'>,
    private readonly resolver: StateResolver,
  ) {}

  /** @param fetched the state that another server gives, where predecessors are missing */
  async before(head: RoomHead, previous: readonly DagEvent[], fetched: StateView | undefined): Promise<StateBase> {
    const isAtHead = fetched === undefined && head.isFollowedBy(previous.map((one) => one.eventId));
    if (isAtHead) return { node: head.snapshot, changes: [] };
    const views = previous.map((one): StateView => ({ snapshot: one.snapshotAfter, over: [] }));
    const all = fetched === undefined ? views : [...views, fetched];
    if (all.length === 0) return { node: undefined, changes: [] };
    if (all.length === 1 && fetched !== undefined) {
      const node = fetched.snapshot === 0 ? undefined : await this.rooms.snapshots.node(fetched.snapshot);
      return { node, changes: fetched.over };
    }
    return this.resolver.together(head.room!, head.version, all);
  }

  /** Keeps what was resolved, so that the next event after the same ones need not resolve again. */
  remember(
    { currentAfter }: PreparedEvent,
    event: StoredEvent,
    previous: readonly DagEvent[],
    move: HeadMove | undefined,
    isOwnState: boolean,
  ): void {
    if (isOwnState && previous.length > 1) {
      this.resolver.remember(
        previous.map((one) => one.snapshotAfter),
        event.snapshotBefore,
      );
    }
    const afters = move?.left.map((one) => one.stored!.snapshotAfter) ?? [];
    if (afters.length > 0 && currentAfter !== undefined) {
      this.resolver.remember([...afters, event.snapshotAfter], currentAfter);
    }
  }
}
