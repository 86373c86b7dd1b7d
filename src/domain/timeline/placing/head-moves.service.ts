import type { Reader } from '#platform/storage/storage';
import type { SignedEvent } from '#protocol/events/index';
import type { RoomState, StateEntry } from '../../room-state';
import type { DagEvent } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { EventStore } from '../store/event-store.service';
import { OWN, ownEntry, type HeadEvent, type StateBase, type StateChange } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import { StateChanges } from '../resolving/state-changes.service';
import type { StateResolver } from '../resolving/state-resolver.service';
import type { StateView } from '../resolving/state-view.model';

/** Steps through events that are not shown, in search of the extremities that an event takes away. */
const MAX_HIDDEN_STEPS = 100;

/** How a room's head moves when an event joins its loose ends. */
export interface HeadMove {
  /** The extremities that stay beside the event. */
  readonly left: readonly HeadEvent[];
  /** How the room's current state differs afterwards, {@link OWN} for the event. */
  readonly current: readonly StateEntry[];
  /** The events behind that, but for the event's own entry. */
  readonly changed: readonly StateChange[];
}

/** An event that is to be placed, with the state before it. */
export interface Newcomer {
  readonly event: SignedEvent;
  readonly previous: readonly DagEvent[];
  readonly before: StateBase;
  readonly auth: readonly HeadEvent[];
}

/** Works out how heads move. All before the event is committed. */
export class HeadMoves {
  private readonly dag: DagReader;
  private readonly changes: StateChanges;

  constructor(
    reader: Reader,
    rooms: RoomState,
    events: EventStore,
    private readonly resolver: StateResolver,
  ) {
    this.dag = new DagReader(reader);
    this.changes = new StateChanges(rooms, events);
  }

  async with(head: RoomHead, newcomer: Newcomer): Promise<HeadMove> {
    const covered = await this.covered(newcomer.previous);
    const left = head.extremities.filter((one) => !covered.has(one.stored!.nid));
    const current = await this.currentAfter(head, newcomer, left);
    const others = current.filter((entry) => entry.eventNid !== OWN);
    return { left, current, changed: await this.changes.over(head.snapshot?.nid ?? 0, others) };
  }

  /** Predecessors, and those before them that are hidden behind rejected and soft-failed ones. */
  private async covered(previous: readonly DagEvent[]): Promise<Set<number>> {
    const covered = new Set(previous.map((one) => one.nid));
    let hidden = previous.filter((one) => one.rejected || one.softFailed);
    for (let steps = 0; hidden.length > 0 && steps < MAX_HIDDEN_STEPS; steps++) {
      const edges = await this.dag.prevEdges(hidden.map((one) => one.nid));
      const next = edges.map((edge) => edge.prev_nid).filter((nid) => !covered.has(nid));
      next.forEach((nid) => covered.add(nid));
      hidden = (await this.dag.byNids([...new Set(next)])).filter((one) => one.rejected || one.softFailed);
    }
    return covered;
  }

  private async currentAfter(
    head: RoomHead,
    { event, before, auth }: Newcomer,
    left: readonly HeadEvent[],
  ): Promise<StateEntry[]> {
    const from = head.snapshot?.nid ?? 0;
    const after: StateView = { snapshot: before.node?.nid ?? 0, over: [...before.changes, ...ownEntry(event.pdu)] };
    const others = left.map((one): StateView => ({ snapshot: one.stored!.snapshotAfter, over: [] }));
    const unstored = { eventId: event.eventId, pdu: event.pdu, auth: auth.map((one) => one.stored!.nid) };
    return this.resolver.changes(head.room!, head.version, [...others, after], from, unstored);
  }
}
