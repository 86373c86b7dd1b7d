import { InvalidParamError, NotFoundError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import { parsePositions } from '#platform/cluster/stream-token';
import type { ClientEvent } from '#protocol/events/index';
import { clampLimit, compileFilter, type CompiledFilter, type RoomEventFilter } from '#protocol/filters/index';
import type { EventViews } from '../event-views';
import { stateMapKey, type RoomInfo, type RoomState } from '../room-state';
import { transactionScope, type Direction, type StoredEvent, type Timeline } from '../timeline';
import { printPlace, readPlace, refuseToken } from './places.model';
import type { RoomAccess, RoomReach } from './room-access.service';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 1_000;
/** Events looked at for one page; what a filter or the room's history hides counts too. */
const MAX_SCANNED = 4_000;
const MIN_BATCH = 32;
/** A reader waits that long for history from other servers; later pages have it when it comes late. */
const BACKFILL_WAIT_MS = 8_000;

export interface PageQuery {
  /** A place or sync token; the end of the order that the direction comes from when left out. */
  readonly from?: string;
  readonly to?: string;
  readonly dir: Direction;
  readonly limit?: number;
  readonly filter?: RoomEventFilter;
}

export interface Page {
  readonly start: string;
  /** Absent when there is nothing more in this direction. */
  readonly end?: string;
  readonly chunk: ClientEvent[];
  /** Member events of the senders, when members are loaded lazily. */
  readonly state?: ClientEvent[];
}

export interface EventContext {
  readonly start: string;
  readonly end: string;
  readonly event: ClientEvent;
  readonly events_before: ClientEvent[];
  readonly events_after: ClientEvent[];
  readonly state: ClientEvent[];
}

interface Walk {
  readonly events: readonly StoredEvent[];
  /** The place behind the last event that was looked at. */
  readonly place: number;
  readonly exhausted: boolean;
}

interface WalkOptions {
  readonly userId: string;
  readonly room: RoomInfo;
  /** A place: see {@link printPlace}; undefined: the end that the direction comes from. */
  readonly from: number | undefined;
  readonly to?: number | undefined;
  readonly direction: Direction;
  readonly limit: number;
  readonly filter: CompiledFilter;
}

/** Pages through the one order of a room's events. */
export class Pages {
  constructor(
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly views: EventViews,
    private readonly access: RoomAccess,
  ) {}

  /**
   * A page of a room's events, each exactly once over all pages. Spec: client-server API, `GET /rooms/{roomId}/messages`.
   * @throws ForbiddenError, InvalidParamError for tokens that are not ours
   */
  async messages(requester: Requester, roomId: string, query: PageQuery): Promise<Page> {
    const reach = await this.access.reach(requester, roomId);
    const { room } = reach;
    const { dir: direction } = query;
    const deviceScope = transactionScope(requester);
    const filter = compileFilter(query.filter);
    const from = await this.start(reach, query);
    const to = query.to === undefined ? undefined : await this.place(room, query.to, 'to');
    const limit = clampLimit(query.limit ?? filter.limit, DEFAULT_LIMIT, MAX_LIMIT);
    const { userId } = requester;
    const until = direction === 'f' ? capped(to, reach) : to;
    const walk = await this.walk({ userId, room, from, to: until, direction, limit, filter });
    const [chunk, state] = await Promise.all([
      this.views.forUser(userId, room, walk.events, { bundled: true, deviceScope }),
      filter.lazyLoadMembers ? this.senders(userId, room, walk.events) : undefined,
    ]);
    const start = query.from ?? printPlace(from ?? 0);
    return {
      start,
      ...(walk.exhausted ? {} : { end: printPlace(walk.place) }),
      chunk,
      ...(state === undefined ? {} : { state }),
    };
  }

  /**
   * The events beside one, in the direction given; beside the end of the order when none is named.
   * @throws ForbiddenError, InvalidParamError when the event is not of this room
   */
  async beside(
    requester: Requester,
    roomId: string,
    query: { readonly eventId?: string; readonly dir: Direction; readonly limit: number },
  ): Promise<{ events: ClientEvent[]; more: boolean }> {
    const { eventId, dir, limit } = query;
    const page = await this.messages(requester, roomId, {
      dir,
      limit,
      from: await this.besideEvent(roomId, eventId, dir),
    });
    return { events: page.chunk, more: page.end !== undefined };
  }

  private async besideEvent(roomId: string, eventId: string | undefined, dir: Direction): Promise<string | undefined> {
    if (eventId === undefined) return undefined;
    const event = await this.timeline.event(eventId);
    if (event === undefined || event.roomId !== roomId) throw new InvalidParamError('cursor: not of this room');
    return printPlace(dir === 'b' ? event.ordinal - 1 : event.ordinal);
  }

  /**
   * An event, some around it, and the state after the last of them. Spec: client-server API, "Event Context".
   * @throws NotFoundError for events that are unknown, of another room or not for this reader: they look the same
   */
  async context(
    requester: Requester,
    roomId: string,
    eventId: string,
    query: Pick<PageQuery, 'limit' | 'filter'>,
  ): Promise<EventContext> {
    const { room, event } = await this.find(requester, roomId, eventId);
    const { userId } = requester;
    const filter = compileFilter(query.filter);
    const limit = Math.min(Math.max(query.limit ?? filter.limit ?? DEFAULT_LIMIT, 0), MAX_LIMIT);
    const reading = { userId, room, filter };
    const { ordinal } = event;
    const around = async (direction: Direction, share: number): Promise<Walk> => {
      const from = direction === 'b' ? ordinal - 1 : ordinal;
      if (share === 0) return { events: [], place: from, exhausted: false };
      return this.walk({ ...reading, from, direction, limit: share });
    };
    const [before, after] = await Promise.all([around('b', Math.floor(limit / 2)), around('f', Math.ceil(limit / 2))]);
    const shown = [...before.events, event, ...after.events];
    const views = { bundled: true, deviceScope: transactionScope(requester) };
    const written = await this.views.forUser(userId, room, shown, views);
    const count = before.events.length;
    return {
      start: printPlace(before.place),
      end: printPlace(after.place),
      events_before: written.slice(0, count),
      event: written[count]!,
      events_after: written.slice(count + 1),
      state: await this.stateAfter(requester, room, shown, filter),
    };
  }

  /** One event. @throws NotFoundError as {@link context} */
  async event(requester: Requester, roomId: string, eventId: string): Promise<ClientEvent> {
    const { room, event } = await this.find(requester, roomId, eventId);
    const views = { bundled: true, deviceScope: transactionScope(requester) };
    const view = await this.views.one(requester.userId, room, event, views);
    if (view === undefined) throw new NotFoundError('Event not found');
    return view;
  }

  /** The ordinal that a token of either kind stands for in a room. @throws InvalidParamError */
  async place(room: RoomInfo, token: string, name: string): Promise<number> {
    const place = readPlace(token);
    if (place !== undefined) return place;
    if (!token.startsWith('s')) refuseToken(name);
    return this.timeline.ordinalAt(room, parsePositions(token, name));
  }

  private async find(requester: Requester, roomId: string, eventId: string) {
    const room = await this.rooms.info(roomId);
    const event = room && (await this.timeline.event(eventId));
    const isHere = room !== undefined && event !== undefined && event.roomNid === room.nid;
    if (!isHere || !(await this.views.canSee(requester.userId, room, event)))
      throw new NotFoundError('Event not found');
    return { room, event };
  }

  private async start(reach: RoomReach, { from, dir }: PageQuery): Promise<number | undefined> {
    if (from !== undefined) {
      const place = await this.place(reach.room, from, 'from');
      return dir === 'b' ? capped(place, reach) : place;
    }
    if (dir === 'f') return undefined;
    return reach.until ?? this.timeline.latestOrdinal(reach.room);
  }

  /** Goes through the order until enough events pass, the order ends, or too many were looked at. */
  private async walk(options: WalkOptions): Promise<Walk> {
    const { userId, room, to, direction, limit, filter } = options;
    let mayFill = direction === 'b';
    const end = to === undefined ? undefined : direction === 'b' ? to : to + 1;
    const events: StoredEvent[] = [];
    let place = options.from;
    for (let scanned = 0; scanned < MAX_SCANNED;) {
      const size = Math.max(limit - events.length, MIN_BATCH);
      // Places lie behind events; ranges begin beside the event named.
      const from = place === undefined || direction === 'f' ? place : place + 1;
      const batch = await this.timeline.range(room, { from, to: end, direction, limit: size + 1 });
      // Where history ends or has a hole, other servers may know more: asked once a page, then the same is read again.
      if (mayFill && (await this.fill(room, from, batch, batch.length <= size))) {
        mayFill = false;
        continue;
      }
      const looked = batch.slice(0, size);
      scanned += looked.length;
      const visible = new Set(await this.views.visible(userId, room, looked));
      for (const event of looked) {
        if (events.length === limit) return { events, place: place!, exhausted: false };
        place = direction === 'b' ? event.ordinal - 1 : event.ordinal;
        if (visible.has(event) && passes(filter, event)) events.push(event);
      }
      if (batch.length <= size) {
        // Older history may still come from elsewhere; an empty page ends it all the same, or readers would never stop.
        const mayComeMore = direction === 'b' && events.length > 0 && looked.at(-1)?.type !== 'm.room.create';
        const exhausted = to !== undefined || !mayComeMore || !(await this.timeline.history.hasGaps(room));
        return { events, place: place ?? 0, exhausted };
      }
    }
    return { events, place: place ?? 0, exhausted: false };
  }

  /** Has missing history fetched where a batch, read backwards, comes to a gap. True when there is more to read now. */
  private async fill(
    room: RoomInfo,
    from: number | undefined,
    batch: readonly StoredEvent[],
    isEnd: boolean,
  ): Promise<boolean> {
    const above = from === undefined ? [] : await this.edgeAbove(room, from, batch[0]);
    const places = [...above, ...batch];
    const edges = places.filter((event, index) => {
      const next = places[index + 1];
      return next === undefined ? isEnd && event.type !== 'm.room.create' : event.ordinal - next.ordinal > 1;
    });
    return edges.length > 0 && this.timeline.history.fillAbove(room, edges, BACKFILL_WAIT_MS);
  }

  /** The event that a batch goes on from, when there is a hole or nothing between them. */
  private async edgeAbove(room: RoomInfo, from: number, first: StoredEvent | undefined): Promise<StoredEvent[]> {
    if (first !== undefined && from - first.ordinal <= 1) return [];
    return this.timeline.range(room, { from: from - 1, direction: 'f', limit: 1 });
  }

  /** Member events of the senders of a chunk, in the state after its newest event. */
  private async senders(userId: string, room: RoomInfo, chunk: readonly StoredEvent[]): Promise<ClientEvent[]> {
    if (chunk.length === 0) return [];
    const newest = chunk.reduce((a, b) => (a.ordinal > b.ordinal ? a : b));
    const snapshot = await this.timeline.snapshotAfter(room, newest.ordinal);
    const keys = [...new Set(chunk.map((event) => event.sender))].map((sender) => ['m.room.member', sender] as const);
    const found = await this.rooms.atMany(snapshot, keys);
    const nids = keys.flatMap(([type, key]) => found.get(stateMapKey(type, key)) ?? []);
    return this.views.state(userId, room, await this.timeline.events(nids));
  }

  /** The state after the last event shown; of lazily loaded members only the senders. */
  /** Who sees an event without being able to read the room, as some who are invited do, gets of its state what they see. */
  private async stateAfter(
    requester: Requester,
    room: RoomInfo,
    shown: readonly StoredEvent[],
    filter: CompiledFilter,
  ): Promise<ClientEvent[]> {
    const snapshot = await this.timeline.snapshotAfter(room, shown.at(-1)!.ordinal);
    const senders = new Set(shown.map((event) => event.sender));
    const isShown = ({ type, stateKey }: { type: string; stateKey: string }) =>
      !filter.lazyLoadMembers || type !== 'm.room.member' || senders.has(stateKey);
    const entries = (await this.rooms.atAll(snapshot)).filter(isShown);
    const events = await this.timeline.events(entries.map((entry) => entry.eventNid));
    const passing = events.filter((event) => passes(filter, event));
    if (await this.access.mayReach(requester, room.roomId)) return this.views.state(requester.userId, room, passing);
    return this.views.forUser(requester.userId, room, passing);
  }
}

function passes(filter: CompiledFilter, { type, sender, pdu, roomId }: StoredEvent): boolean {
  return filter.passesAll
    ? filter.allowsRoom(roomId)
    : filter.allowsRoom(roomId) && filter.matches({ type, sender, content: pdu.content as JsonObject });
}

/** A place no later than where the reader's view of the room ends. */
function capped(place: number | undefined, { until }: RoomReach): number | undefined {
  if (until === undefined) return place;
  return place === undefined ? until : Math.min(place, until);
}
