import type { Storage } from '#platform/storage/storage';
import { authEventIds, MAX_PREV_EVENTS, prevEventIds, type FormatOptions, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { HedgedQuestion } from '#kernel/hedged';
import type { JsonValue } from '#kernel/json';
import { stateMapKey, type RoomInfo, type RoomState, type StateEntry } from '../../room-state';
import { isInGraph } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { IncomingChecks } from './incoming-checks.service';
import type { VerifiedEvent } from '../ingest.model';
import type { MissingEventSource } from '../ingest.ports';
import type { Inquiry } from './inquiries.service';
import { chainOf, leadingTo, ordered } from './lineage.model';
import type { Outlier, Outliers } from './outliers.service';
import type { StateView } from '../resolving/state-view.model';

/** Single events asked for at the same time, and in all, before whole answers are asked for. */
const AT_ONCE = 8;
const MAX_SINGLE = 60;
/** Events of one state or auth chain; larger rooms do not exist. SECURITY: row 36. */
const MAX_STATE = 200_000;
const MISSING_LIMIT = 20;
/** Events named in one question for what came before them; as many as we look at ourselves. */
const MAX_NAMED = 20;
/** Times that what came before one event is asked for; and then, when the one that brought it is no help, of others. */
const MAX_ROUNDS = 6;
const ROUNDS_OF_OTHERS = 2;

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
   * far enough. The server that brought the event is asked first, and others for what it leaves out. Gives up quietly when
   * nobody helps.
   */
  async before(inquiry: Inquiry, event: VerifiedEvent, earliest: readonly string[]): Promise<VerifiedEvent[]> {
    const { room } = inquiry;
    const minDepth = await this.dag.depthOfOldest(room.nid);
    const pool = new Map([[event.eventId, event]]);
    for (let round = 0; round < MAX_ROUNDS + ROUNDS_OF_OTHERS; round++) {
      const ends = await this.looseEnds(room, event, pool);
      if (ends.missing.length === 0) break;
      const ask: HedgedQuestion<VerifiedEvent[]> = async (server, signal) => {
        const isBringer = server === inquiry.bringer;
        const events = isBringer
          ? await this.leadingUpTo(room, server, { earliest, latest: ends.latest, minDepth }, signal)
          : await this.backfill(room, server, ends.missing, MISSING_LIMIT, signal);
        // What is older than all that is shown is history, and comes when somebody reads up to there.
        const isNews = (pdu: Pdu): boolean => pdu.depth >= minDepth && prevEventIds(pdu).length <= MAX_PREV_EVENTS;
        const fresh = events.filter(({ pdu, eventId }) => isNews(pdu) && !pool.has(eventId));
        return fresh.length === 0 ? undefined : fresh;
      };
      // It could go on for ever with events of its own, beside those that it leaves out.
      const without = new Set(round < MAX_ROUNDS ? [] : [event.origin]);
      const fresh = await inquiry.ask(ask, event.origin, without).catch(() => undefined);
      if (fresh === undefined) break;
      for (const one of fresh) pool.set(one.eventId, one);
    }
    pool.delete(event.eventId);
    return ordered([...pool.values()]);
  }

  /**
   * What events follow that is neither known nor among them, and the ids of those that follow it: first of all what leads to
   * one of them, for somebody may have put events beside that which follow no end of others.
   */
  private async looseEnds(
    room: RoomInfo,
    { eventId }: VerifiedEvent,
    pool: ReadonlyMap<string, VerifiedEvent>,
  ): Promise<{ readonly latest: readonly string[]; readonly missing: readonly string[] }> {
    const all = [...pool.values()];
    const ids = new Set([...leadingTo([eventId], all), ...all].flatMap((event) => prevEventIds(event.pdu)));
    const outside = [...ids].filter((id) => !pool.has(id));
    const placed = await this.placed(room, outside);
    const missing = new Set(outside.filter((id) => !placed.has(id)));
    const follows = ({ pdu }: VerifiedEvent): boolean => prevEventIds(pdu).some((id) => missing.has(id));
    return { latest: all.filter(follows).map((event) => event.eventId), missing: [...missing] };
  }

  private async leadingUpTo(
    room: RoomInfo,
    server: string,
    request: { readonly earliest: readonly string[]; readonly latest: readonly string[]; readonly minDepth: number },
    signal: AbortSignal,
  ): Promise<VerifiedEvent[]> {
    const asked = { ...request, limit: MISSING_LIMIT };
    const values = await this.source().getMissingEvents(server, room.roomId, asked, signal);
    return this.verified(room, server, values.slice(0, MISSING_LIMIT));
  }

  /**
   * The events named and what came before them, oldest first: those that have no place yet, and lead to the ones named
   * without one between that has. What is before that belongs to another gap, further down.
   */
  async backfill(
    room: RoomInfo,
    server: string,
    eventIds: readonly string[],
    limit: number,
    signal: AbortSignal,
  ): Promise<VerifiedEvent[]> {
    const named = eventIds.slice(0, MAX_NAMED);
    const values = await this.source().backfill(server, room.roomId, named, limit, signal);
    const events = await this.verified(room, server, values.slice(0, limit), { unlimited: true });
    const placed = await this.placed(
      room,
      events.map(({ eventId }) => eventId),
    );
    const unplaced = events.filter(({ eventId }) => !placed.has(eventId));
    return ordered(leadingTo(named, unplaced));
  }

  /** Makes an event's authority known, as far as a server has it: the one that gave the event is asked first. */
  async authority(inquiry: Inquiry, event: VerifiedEvent): Promise<void> {
    const { room } = inquiry;
    const isKnown = async (): Promise<boolean> => (await this.unknown(authEventIds(event.pdu))).length === 0;
    if (await isKnown()) return;
    await inquiry.ask(async (server, signal) => {
      const values = await this.source().eventAuth(server, room.roomId, event.eventId, signal);
      await this.takeSound(room, chainOf(event, await this.verified(room, server, values)));
      return (await isKnown()) || undefined;
    }, event.origin);
  }

  /**
   * The state before an event as another server has it, laid over one of ours: the one that gave the event is asked first.
   * @throws Error when no server gives one
   */
  async stateBefore(inquiry: Inquiry, event: VerifiedEvent, over: number): Promise<StateView> {
    const { room } = inquiry;
    const given = await inquiry.ask(async (server, signal) => {
      const { stateIds, authChainIds } = await this.source().stateIds(server, room.roomId, event.eventId, signal);
      if (stateIds.length + authChainIds.length > MAX_STATE) throw new Error('a state is too large');
      return stateIds.length === 0 ? undefined : { server, stateIds, authChainIds };
    }, event.origin);
    if (given === undefined) throw new Error(`no server gives the state before ${event.eventId}`);
    const { server, stateIds, authChainIds } = given;
    await this.fetchState(inquiry, event.eventId, [...authChainIds, ...stateIds], server);
    const known = await this.outliers.stored(room, stateIds);
    return this.viewOf(known.values(), over);
  }

  /** Fetches what is unknown of a state: one by one, or all of it when much is. Any help will do, lest all are asked for all. */
  private async fetchState(inquiry: Inquiry, eventId: string, wanted: readonly string[], first: string): Promise<void> {
    const { room } = inquiry;
    const unknown = await this.unknown(wanted);
    if (unknown.length === 0) return;
    await inquiry.ask(async (server, signal) => {
      const values =
        unknown.length > MAX_SINGLE
          ? await this.wholeState(room, server, eventId, signal)
          : await this.single(server, unknown, signal);
      await this.takeNamed(room, server, unknown, values);
      return (await this.unknown(unknown)).length < unknown.length || undefined;
    }, first);
  }

  private async wholeState(room: RoomInfo, server: string, eventId: string, signal: AbortSignal): Promise<JsonValue[]> {
    const { state, authChain } = await this.source().state(server, room.roomId, eventId, signal);
    if (state.length + authChain.length > MAX_STATE) throw new Error('a state is too large');
    return [...authChain, ...state];
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

  private async verified(
    room: RoomInfo,
    origin: string,
    values: readonly JsonValue[],
    options?: FormatOptions,
  ): Promise<VerifiedEvent[]> {
    const checked = await this.checks.check(roomVersion(room.version), room.roomId, origin, values, options);
    return checked.flatMap((one) => ('event' in one ? [one.event] : []));
  }

  /** A server that has none of the first ones is not asked for the rest. */
  private async single(server: string, eventIds: readonly string[], signal: AbortSignal): Promise<JsonValue[]> {
    const found: JsonValue[] = [];
    for (let i = 0; i < eventIds.length; i += AT_ONCE) {
      const some = eventIds.slice(i, i + AT_ONCE);
      const events = await Promise.all(some.map((eventId) => this.source().event(server, eventId, signal)));
      found.push(...events.filter((event): event is JsonValue => event !== undefined));
      if (found.length === 0) break;
    }
    return found;
  }

  /** Those of the ids that have their place in the room's graph. */
  private async placed(room: RoomInfo, eventIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.dag.byIds(eventIds);
    return new Set(rows.filter((row) => isInGraph(row, room.nid)).map((row) => row.eventId));
  }

  private async unknown(eventIds: readonly string[]): Promise<string[]> {
    const known = new Set((await this.dag.byIds([...new Set(eventIds)])).map((event) => event.eventId));
    return [...new Set(eventIds)].filter((eventId) => !known.has(eventId));
  }
}
