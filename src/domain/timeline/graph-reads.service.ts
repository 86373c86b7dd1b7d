import type { Storage } from '#platform/storage/storage';
import type { RoomInfo, RoomState } from '../room-state';
import type { AuthChains } from './auth-chains.service';
import { DagReader, type DagEvent } from './dag.repository';
import type { EventStore } from './event-store.service';
import type { IncomingChecks } from './incoming-checks.service';
import { NO_PLACE, UNKNOWN_STATE, type StoredEvent } from './timeline.model';

/** Steps that a walk backwards may take, whatever it finds. SECURITY: row 36. */
const MAX_STEPS = 200;
const NEAREST = 20;

/** Reads of the graph behind a room's order, for other servers. Who may see what is decided above, in event-views. */
export class GraphReads {
  private readonly dag: DagReader;

  constructor(
    storage: Storage,
    private readonly rooms: RoomState,
    private readonly events: EventStore,
    private readonly chains: AuthChains,
    private readonly checks: IncomingChecks,
  ) {
    this.dag = new DagReader(storage);
  }

  /** Whether a room's ACL lets a server in. */
  allows(room: RoomInfo, serverName: string): Promise<boolean> {
    return this.checks.allows(room, serverName);
  }

  /** An event whatever it is, unless it was rejected: accepted, soft-failed, or known as state alone. */
  async find(eventId: string): Promise<{ readonly event: StoredEvent; readonly inGraph: boolean } | undefined> {
    const [row] = await this.dag.byIds([eventId]);
    if (row === undefined || row.rejected) return undefined;
    const event = await this.events.event(row.nid);
    return event && { event, inGraph: row.snapshotBefore !== UNKNOWN_STATE };
  }

  /** The state before an event and the numbers of its auth chain, which the state's events are not part of by themselves. */
  async stateBefore(event: StoredEvent): Promise<{ readonly state: number[]; readonly authChain: number[] }> {
    const state = (await this.rooms.atAll(event.snapshotBefore)).map((entry) => entry.eventNid);
    return { state, authChain: await this.authChain(state) };
  }

  /** Event ids, without reading the events. */
  async idsOf(nids: readonly number[]): Promise<string[]> {
    return (await this.dag.byNids(nids)).map((row) => row.eventId);
  }

  /** All that authorises some events, without them unless they authorise each other. */
  async authChain(nids: readonly number[]): Promise<number[]> {
    const direct = (await this.chains.authorities(nids)).flat();
    return [...(await this.chains.chain(direct))];
  }

  /** What authorises one event, also a message. */
  async authChainOf(eventIds: readonly string[]): Promise<number[]> {
    const nids = (await this.dag.byIds(eventIds)).filter((row) => !row.rejected).map((row) => row.nid);
    return [...(await this.chains.chain(nids))];
  }

  /**
   * Events of a room on the way back from `latest`, breadth first, newest first; goes no further than `earliest`, nor below
   * `minDepth`. The start is part of the answer when `inclusive`. Rejected events are passed over; soft-failed ones are
   * met only where others refer to them, and then belong to the answer. Spec: server-server, "Soft failure".
   */
  async before(
    room: Pick<RoomInfo, 'nid'>,
    latest: readonly string[],
    options: {
      readonly earliest: readonly string[];
      readonly limit: number;
      readonly minDepth: number;
      readonly inclusive: boolean;
    },
  ): Promise<StoredEvent[]> {
    const stop = new Set(options.earliest);
    const seen = new Set<number>();
    const found: number[] = [];
    let step = (await this.dag.byIds(latest)).filter((row) => isShared(row, room.nid) && !stop.has(row.eventId));
    step.forEach((row) => seen.add(row.nid));
    if (options.inclusive) found.push(...accepted(step));
    for (let steps = 0; step.length > 0 && found.length < options.limit && steps < MAX_STEPS; steps++) {
      const edges = await this.dag.prevEdges(step.map((row) => row.nid));
      const next = [...new Set(edges.map((edge) => edge.prev_nid))].filter((nid) => !seen.has(nid));
      next.forEach((nid) => seen.add(nid));
      const rows = (await this.dag.byNids(next)).sort((a, b) => b.depth - a.depth);
      step = rows.filter((row) => isShared(row, room.nid) && !stop.has(row.eventId) && row.depth >= options.minDepth);
      found.push(...accepted(step));
    }
    return this.events.events(found.slice(0, options.limit));
  }

  /** Shown events nearest to a time in one direction, the nearest first. */
  async nearestTo(room: Pick<RoomInfo, 'nid'>, ts: number, direction: 'b' | 'f'): Promise<StoredEvent[]> {
    const nids = await this.dag.nearestTo(room.nid, ts, direction, NEAREST);
    return (await this.events.events(nids)).filter((event) => event.ordinal !== NO_PLACE);
  }
}

/** Walks lead through rejected events, but not out of the room or into what has no state. */
function isShared(row: DagEvent, roomNid: number): boolean {
  return row.roomNid === roomNid && row.snapshotBefore !== UNKNOWN_STATE;
}

function accepted(rows: readonly DagEvent[]): number[] {
  return rows.filter((row) => !row.rejected).map((row) => row.nid);
}
