import type { Storage } from '#platform/storage/storage';
import type { RoomInfo } from '../../room-state';
import type { AuthChains } from '../store/auth-chains.service';
import { isInGraph, type DagEvent } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { EventStore } from '../store/event-store.service';
import type { IncomingChecks } from '../ingest/incoming-checks.service';
import { RoomHeadReader } from '../store/room-head.repository';
import { UNKNOWN_STATE, type TimeQuery, type StoredEvent } from '../timeline.model';

/** Steps that a walk backwards may take, whatever it finds. SECURITY: row 36. */
const MAX_STEPS = 200;

/** Reads of the graph behind a room's order, for other servers. Who may see what is decided above, in event-views. */
export class GraphReads {
  private readonly dag: DagReader;
  private readonly heads: RoomHeadReader;

  constructor(
    storage: Storage,
    private readonly events: EventStore,
    private readonly chains: AuthChains,
    private readonly checks: IncomingChecks,
  ) {
    this.dag = new DagReader(storage);
    this.heads = new RoomHeadReader(storage);
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

  /** A room's forward extremities, the oldest first: what its next event follows. */
  async extremities(room: Pick<RoomInfo, 'nid'>): Promise<StoredEvent[]> {
    return this.events.events(await this.heads.extremities(room.nid));
  }

  /** Event ids, without reading the events. */
  idsOf(nids: readonly number[]): Promise<string[]> {
    return this.dag.idsOf(nids);
  }

  /** The numbers of events by id; rejected and unknown ones are left out. */
  async numbersOf(eventIds: readonly string[]): Promise<number[]> {
    return accepted(await this.dag.byIds(eventIds));
  }

  /** All that authorises some state events, without them unless they authorise each other. */
  async authChain(nids: readonly number[]): Promise<number[]> {
    const direct = (await this.chains.authorities(nids)).flat();
    return [...(await this.chains.chain(direct))];
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
    let step = (await this.dag.byIds(latest)).filter((row) => isInGraph(row, room.nid) && !stop.has(row.eventId));
    step.forEach((row) => seen.add(row.nid));
    if (options.inclusive) found.push(...accepted(step));
    for (let steps = 0; step.length > 0 && found.length < options.limit && steps < MAX_STEPS; steps++) {
      const edges = await this.dag.prevEdges(step.map((row) => row.nid));
      const next = [...new Set(edges.map((edge) => edge.prev_nid))].filter((nid) => !seen.has(nid));
      next.forEach((nid) => seen.add(nid));
      const rows = (await this.dag.byNids(next)).sort((a, b) => b.depth - a.depth);
      step = rows.filter((row) => isInGraph(row, room.nid) && !stop.has(row.eventId) && row.depth >= options.minDepth);
      found.push(...accepted(step));
    }
    return this.events.events(found.slice(0, options.limit));
  }

  /** The shown event that is nearest to a time. */
  async nearestTo(room: Pick<RoomInfo, 'nid'>, time: TimeQuery): Promise<StoredEvent | undefined> {
    return (await this.nearTo(room, time, { limit: 1 }))[0];
  }

  /** Shown events in the direction from a time, the nearest first. */
  async nearTo(
    room: Pick<RoomInfo, 'nid'>,
    time: TimeQuery,
    page: { readonly limit: number; readonly offset?: number },
  ): Promise<StoredEvent[]> {
    return this.events.events(await this.dag.nearestTo(room.nid, time, page));
  }
}

function accepted(rows: readonly DagEvent[]): number[] {
  return rows.filter((row) => !row.rejected).map((row) => row.nid);
}
