import type { AccountData } from '#domain/account-data';
import type { EventViews } from '#domain/event-views';
import type { Membership } from '#domain/membership';
import type { RoomState } from '#domain/room-state';
import type { Rooms } from '#domain/rooms';
import type { Timeline } from '#domain/timeline';
import { NotFoundError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import { printPositions } from '#platform/cluster/stream-token';
import type { Storage } from '#platform/storage/storage';
import type { ClientEvent } from '#protocol/events/index';
import type { SyncFilter } from '#protocol/filters/index';
import type { Sync } from './sync.service';
import type { EventBatch, LeftRoomAnswer, PlainEvent, SyncAnswer } from './sync.model';

/** Messages of a room where the client does not say how many it wants. */
const DEFAULT_MESSAGES = 20;
const NOTHING = { types: [] };

/** Events in rooms only: all that `/events` gives. */
const ROOM_EVENTS: SyncFilter = {
  presence: NOTHING,
  account_data: NOTHING,
  room: { ephemeral: NOTHING, account_data: NOTHING, timeline: { limit: 100 } },
};

/** A room as `initialSync` shows it. */
export interface OldRoom {
  room_id: string;
  membership?: 'invite' | 'join' | 'leave' | 'ban';
  invite?: ClientEvent;
  messages?: { start?: string; end: string; chunk: ClientEvent[] };
  state?: ClientEvent[];
  account_data?: PlainEvent[];
}

/**
 * The readers of before `/sync`, kept for old clients; they stand on the same sections. Spec: client-server, deprecated
 * `GET /events`, `GET /events/{eventId}`, `GET /initialSync`; `GET /rooms/{roomId}/initialSync`.
 */
export class OldReader {
  constructor(
    private readonly storage: Pick<Storage, 'visible'>,
    private readonly deps: {
      readonly accountData: Pick<AccountData, 'roomsSince'>;
      readonly eventViews: Pick<EventViews, 'one' | 'state'>;
      readonly membership: Pick<Membership, 'of'>;
      readonly roomState: Pick<RoomState, 'info'>;
      readonly rooms: Pick<Rooms, 'pages' | 'reading'>;
      readonly timeline: Pick<Timeline, 'event' | 'events'>;
    },
    private readonly sync: Pick<Sync, 'follow'>,
  ) {}

  /** New events of all rooms, oldest first in each; waits like a sync. @throws InvalidParamError */
  async events(
    requester: Requester,
    query: { readonly from?: string; readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<{ start: string; end: string; chunk: ClientEvent[] }> {
    const start = query.from ?? printPositions(this.storage.visible());
    const answer = await this.sync.follow(requester, { ...query, since: start }, ROOM_EVENTS);
    const chunk: ClientEvent[] = [];
    for (const [roomId, room] of roomsOf(answer)) chunk.push(...withRoom(roomId, room));
    for (const roomId of Object.keys(answer.rooms?.invite ?? {}))
      chunk.push(...(await this.ownMember(requester, roomId)));
    return { start, end: answer.next_batch, chunk };
  }

  /** One event by its id alone. @throws NotFoundError also for those that the requester may not see */
  async event(requester: Requester, eventId: string): Promise<ClientEvent> {
    const event = await this.deps.timeline.event(eventId);
    const room = event && (await this.deps.roomState.info(event.roomId));
    const shown = room && (await this.deps.eventViews.one(requester.userId, room, event));
    if (shown === undefined) throw new NotFoundError('Event not found');
    return shown;
  }

  /** All rooms with their state and newest messages, for a client that begins. */
  async initial(
    requester: Requester,
    query: { readonly limit?: number; readonly archived?: boolean },
  ): Promise<{ end: string; presence: PlainEvent[]; rooms: OldRoom[]; account_data: PlainEvent[] }> {
    const room = { include_leave: query.archived, timeline: { limit: query.limit ?? DEFAULT_MESSAGES } };
    const answer = await this.sync.follow(requester, {}, { room });
    const end = answer.next_batch;
    const rooms = roomsOf(answer).map(([roomId, found, membership]) => oldRoom(roomId, membership, found, end));
    for (const roomId of Object.keys(answer.rooms?.invite ?? {})) {
      const [invite] = await this.ownMember(requester, roomId);
      rooms.push({ room_id: roomId, membership: 'invite', invite });
    }
    return { end, presence: events(answer.presence), rooms, account_data: events(answer.account_data) };
  }

  /** One room for those who may read it, members or not. @throws ForbiddenError */
  async room(requester: Requester, roomId: string): Promise<OldRoom> {
    const { pages, reading } = this.deps.rooms;
    const state = await reading.state(requester, roomId);
    const page = await pages.messages(requester, roomId, { dir: 'b', limit: DEFAULT_MESSAGES });
    const member = await this.deps.membership.of(requester.userId, roomId);
    const data = await this.deps.accountData.roomsSince(requester.userId, undefined, this.storage.visible());
    return {
      room_id: roomId,
      ...(member === undefined || member.membership === 'knock' ? {} : { membership: member.membership }),
      messages: { start: page.end, end: page.start, chunk: page.chunk.reverse() },
      state,
      account_data: data.filter((entry) => entry.roomId === roomId).map(({ type, content }) => ({ type, content })),
    };
  }

  private async ownMember({ userId }: Requester, roomId: string): Promise<ClientEvent[]> {
    const [room, member] = await Promise.all([
      this.deps.roomState.info(roomId),
      this.deps.membership.of(userId, roomId),
    ]);
    if (room === undefined || member === undefined) return [];
    return this.deps.eventViews.state(userId, room, await this.deps.timeline.events([member.eventNid]));
  }
}

function roomsOf({ rooms = {} }: SyncAnswer): [string, LeftRoomAnswer, 'join' | 'leave'][] {
  return [
    ...Object.entries(rooms.join ?? {}).map(([id, room]): [string, LeftRoomAnswer, 'join'] => [id, room, 'join']),
    ...Object.entries(rooms.leave ?? {}).map(([id, room]): [string, LeftRoomAnswer, 'leave'] => [id, room, 'leave']),
  ];
}

/** State that changed in a gap, then the timeline; each event names its room, as old clients need it. */
function withRoom(roomId: string, { state, timeline }: LeftRoomAnswer): ClientEvent[] {
  return [...(state?.events ?? []), ...timeline!.events].map((event) => ({ ...event, room_id: roomId }));
}

function oldRoom(roomId: string, membership: 'join' | 'leave', room: LeftRoomAnswer, end: string): OldRoom {
  const named = (list: readonly ClientEvent[]): ClientEvent[] => list.map((event) => ({ ...event, room_id: roomId }));
  const { timeline, state_after: state } = room;
  return {
    room_id: roomId,
    membership,
    messages: { start: timeline!.prev_batch, end, chunk: named(timeline!.events) },
    state: named(state?.events ?? []),
    account_data: events(room.account_data),
  };
}

function events(batch: EventBatch | undefined): PlainEvent[] {
  return batch?.events ?? [];
}
