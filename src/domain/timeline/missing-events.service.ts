import type { Storage } from '#platform/storage/storage';
import { authEventIds, prevEventIds, type InspectedEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { JsonValue } from '#kernel/json';
import { stateMapKey, type RoomInfo, type RoomState, type StateEntry } from '../room-state';
import { DagReader } from './dag.repository';
import type { IncomingChecks } from './incoming-checks.service';
import type { VerifiedEvent } from './ingest.model';
import type { MissingEventSource } from './ingest.ports';
import { inOrder, type Outlier, type Outliers } from './outliers.service';
import type { StateView } from './state-view.model';

/** Single events asked for at the same time, and in all, before whole answers are asked for. */
const AT_ONCE = 8;
const MAX_SINGLE = 60;
/** Events of one state or auth chain; larger rooms do not exist. SECURITY: row 36. */
const MAX_STATE = 200_000;
const MISSING_LIMIT = 20;
/** Times that one server is asked for what came before one event. */
const MAX_ROUNDS = 6;

/** Fetches what events refer to and this server lacks. Everything that comes is checked before it is kept. */
export class MissingEvents {
  private readonly dag: DagReader;

  constructor(
    storage: Storage,
    private readonly rooms: RoomState,
    private readonly checks: IncomingChecks,
    private readonly outliers: Outliers,
    private readonly source: () => MissingEventSource,
  ) {
    this.dag = new DagReader(storage);
  }

  /**
   * Events between what this server has and an event, oldest first: asks several times when one answer does not reach back
   * far enough. Gives up quietly when the server does not help.
   */
  async before(
    room: RoomInfo,
    origin: string,
    event: VerifiedEvent,
    earliest: readonly string[],
  ): Promise<VerifiedEvent[]> {
    const minDepth = await this.dag.depthOfOldest(room.nid);
    const pool = new Map([[event.eventId, event]]);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const latest = await this.unconnected(room, pool);
      if (latest.length === 0) break;
      const request = { earliest, latest, limit: MISSING_LIMIT, minDepth };
      const values = await this.source()
        .getMissingEvents(origin, room.roomId, request)
        .catch(() => []);
      const events = await this.verified(room, origin, values.slice(0, MISSING_LIMIT));
      // What is older than all that is shown is history, and comes when somebody reads up to there.
      const fresh = events.filter(({ pdu, eventId }) => pdu.depth >= minDepth && !pool.has(eventId));
      if (fresh.length === 0) break;
      for (const one of fresh) pool.set(one.eventId, one);
    }
    pool.delete(event.eventId);
    return this.ordered([...pool.values()]);
  }

  /** Ids of events that follow events which are neither known nor among them. */
  private async unconnected(room: RoomInfo, pool: ReadonlyMap<string, VerifiedEvent>): Promise<string[]> {
    const ids = new Set([...pool.values()].flatMap((event) => prevEventIds(event.pdu)));
    const rows = await this.dag.byIds([...ids].filter((id) => !pool.has(id)));
    const known = new Set(
      rows.filter((row) => row.roomNid === room.nid && row.snapshotBefore >= 0).map((row) => row.eventId),
    );
    const isMissing = (id: string) => !pool.has(id) && !known.has(id);
    return [...pool.values()].filter((event) => prevEventIds(event.pdu).some(isMissing)).map((event) => event.eventId);
  }

  /** The events named and what came before them, oldest first. */
  async backfill(room: RoomInfo, server: string, eventIds: readonly string[], limit: number): Promise<VerifiedEvent[]> {
    const values = await this.source().backfill(server, room.roomId, eventIds, limit);
    return this.ordered(await this.verified(room, server, values.slice(0, limit)));
  }

  /** Makes an event's authority known, as far as the server has it. */
  async authority(room: RoomInfo, origin: string, event: InspectedEvent): Promise<void> {
    if ((await this.unknown(authEventIds(event.pdu))).length === 0) return;
    const values = await this.source().eventAuth(origin, room.roomId, event.eventId);
    await this.takeSound(room, chainOf(event, await this.verified(room, origin, values)));
  }

  /** The state before an event as another server has it, laid over one of ours. */
  async stateBefore(room: RoomInfo, origin: string, eventId: string, over: number): Promise<StateView> {
    const { stateIds, authChainIds } = await this.source().stateIds(origin, room.roomId, eventId);
    if (stateIds.length + authChainIds.length > MAX_STATE) throw new Error('a state is too large');
    const unknown = await this.unknown([...authChainIds, ...stateIds]);
    if (unknown.length > MAX_SINGLE) {
      const { state, authChain } = await this.source().state(origin, room.roomId, eventId);
      if (state.length + authChain.length > MAX_STATE) throw new Error('a state is too large');
      await this.takeNamed(room, origin, unknown, [...authChain, ...state]);
    } else if (unknown.length > 0) {
      await this.takeNamed(room, origin, unknown, await this.single(origin, unknown));
    }
    const known = await this.outliers.stored(room, stateIds);
    return this.viewOf(known.values(), over);
  }

  /** Events as a view over a stored state: only where it differs. Rejected events are no state. */
  async viewOf(events: Iterable<Outlier>, over: number): Promise<StateView> {
    const wanted = new Map<string, StateEntry>();
    for (const { nid, pdu, rejected } of events) {
      if (rejected || pdu.state_key === undefined) continue;
      const { type, state_key: stateKey } = pdu;
      wanted.set(stateMapKey(type, stateKey), { type, stateKey, eventNid: nid });
    }
    const changes: StateEntry[] = [];
    for (const entry of await this.rooms.atAll(over)) {
      const key = stateMapKey(entry.type, entry.stateKey);
      const now = wanted.get(key);
      if (now === undefined) changes.push({ ...entry, eventNid: 0 });
      if (now?.eventNid === entry.eventNid) wanted.delete(key);
    }
    return { snapshot: over, over: [...changes, ...wanted.values()] };
  }

  /** Checks events and keeps them as outliers; bad ones are dropped, not the rest. */
  async takeOutliers(room: RoomInfo, origin: string, values: readonly JsonValue[]): Promise<Map<string, Outlier>> {
    const events = await this.verified(room, origin, values);
    return this.outliers.take(room, roomVersion(room.version), events);
  }

  /** The same for events that were checked. */
  takeSound(room: RoomInfo, events: readonly VerifiedEvent[]): Promise<Map<string, Outlier>> {
    return this.outliers.take(room, roomVersion(room.version), events);
  }

  /** Takes events that were asked for by name, and no others: what an answer has beside them could fill the disk. SECURITY: row 36. */
  private async takeNamed(
    room: RoomInfo,
    origin: string,
    eventIds: readonly string[],
    values: readonly JsonValue[],
  ): Promise<void> {
    const named = new Set(eventIds);
    const events = await this.verified(room, origin, values);
    await this.takeSound(
      room,
      events.filter(({ eventId }) => named.has(eventId)),
    );
  }

  private async verified(room: RoomInfo, origin: string, values: readonly JsonValue[]): Promise<VerifiedEvent[]> {
    const checked = await this.checks.check(roomVersion(room.version), room.roomId, origin, values);
    return checked.flatMap((one) => ('event' in one ? [one.event] : []));
  }

  private ordered(events: readonly VerifiedEvent[]): VerifiedEvent[] {
    return inOrder(new Map(events.map((event) => [event.eventId, event])), prevEventIds) as VerifiedEvent[];
  }

  private async single(origin: string, eventIds: readonly string[]): Promise<JsonValue[]> {
    const found: JsonValue[] = [];
    for (let i = 0; i < eventIds.length; i += AT_ONCE) {
      const some = eventIds.slice(i, i + AT_ONCE);
      const events = await Promise.all(some.map((eventId) => this.source().event(origin, eventId)));
      found.push(...events.filter((event): event is JsonValue => event !== undefined));
    }
    return found;
  }

  private async unknown(eventIds: readonly string[]): Promise<string[]> {
    const known = new Set((await this.dag.byIds([...new Set(eventIds)])).map((event) => event.eventId));
    return [...new Set(eventIds)].filter((eventId) => !known.has(eventId));
  }
}

/** Those of the events that an event rests on: what is beside its auth chain was not asked for. SECURITY: row 36. */
function chainOf(event: InspectedEvent, events: readonly VerifiedEvent[]): VerifiedEvent[] {
  const given = new Map(events.map((one) => [one.eventId, one]));
  const chain = new Set(authEventIds(event.pdu));
  for (const id of chain) {
    const known = given.get(id);
    if (known !== undefined) authEventIds(known.pdu).forEach((authId) => chain.add(authId));
  }
  return [...given.values()].filter(({ eventId }) => chain.has(eventId));
}
