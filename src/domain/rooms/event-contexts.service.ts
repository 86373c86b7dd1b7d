import { NotFoundError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { ClientEvent } from '#protocol/events/index';
import { compileFilter, type CompiledFilter } from '#protocol/filters/index';
import type { EventViews } from '../event-views';
import type { RoomInfo, RoomState } from '../room-state';
import { transactionScope, type Direction, type StoredEvent, type Timeline } from '../timeline';
import { DEFAULT_LIMIT, MAX_LIMIT, passes, type EventContext, type PageQuery } from './pages.model';
import { printPlace } from './places.model';
import type { RoomAccess } from './room-access.service';
import { Walks, type Walk } from './walks.service';

/** Single events, and what is around them. */
export class EventContexts {
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
      return this.walks.walk({ ...reading, from, direction, limit: share });
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

  private async find(requester: Requester, roomId: string, eventId: string) {
    const room = await this.rooms.info(roomId);
    const event = room && (await this.timeline.event(eventId));
    const isHere = room !== undefined && event !== undefined && event.roomNid === room.nid;
    if (!isHere || !(await this.views.canSee(requester.userId, room, event)))
      throw new NotFoundError('Event not found');
    return { room, event };
  }

  /**
   * The state after the last event shown; of lazily loaded members only the senders. Who sees an event without being able
   * to read the room, as some who are invited do, gets of its state what they see.
   */
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
