import { InvalidParamError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import { parsePositions } from '#platform/cluster/stream-token';
import type { ClientEvent } from '#protocol/events/index';
import { clampLimit, compileFilter } from '#protocol/filters/index';
import type { EventViews } from '../event-views';
import { stateMapKey, type RoomInfo, type RoomState } from '../room-state';
import { transactionScope, type Direction, type StoredEvent, type Timeline } from '../timeline';
import { DEFAULT_LIMIT, MAX_LIMIT, type Page, type PageQuery } from './pages.model';
import { printPlace, readPlace, refuseToken } from './places.model';
import type { RoomAccess, RoomReach } from './room-access.service';
import { Walks } from './walks.service';

/** Pages through the one order of a room's events. */
export class Pages {
  private readonly walks: Walks;

  constructor(
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly views: EventViews,
    private readonly access: RoomAccess,
  ) {
    this.walks = new Walks(timeline, views);
  }

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
    const walk = await this.walks.walk({ userId, room, from, to: until, direction, limit, filter });
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

  /** The ordinal that a token of either kind stands for in a room. @throws InvalidParamError */
  async place(room: RoomInfo, token: string, name: string): Promise<number> {
    const place = readPlace(token);
    if (place !== undefined) return place;
    if (!token.startsWith('s')) refuseToken(name);
    return this.timeline.ordinalAt(room, parsePositions(token, name));
  }

  private async start(reach: RoomReach, { from, dir }: PageQuery): Promise<number | undefined> {
    if (from !== undefined) {
      const place = await this.place(reach.room, from, 'from');
      return dir === 'b' ? capped(place, reach) : place;
    }
    if (dir === 'f') return undefined;
    return reach.until ?? this.timeline.latestOrdinal(reach.room);
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
}

/** A place no later than where the reader's view of the room ends. */
function capped(place: number | undefined, { until }: RoomReach): number | undefined {
  if (until === undefined) return place;
  return place === undefined ? until : Math.min(place, until);
}
