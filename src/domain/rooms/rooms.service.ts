import type { Requester } from '#kernel/requester';
import { ownString } from '#protocol/json-access';
import type { Pdu } from '#protocol/events/index';
import type { Directory } from '../directory';
import type { EventViews } from '../event-views';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import { RoomCreation } from './create-room.service';
import { EventContexts } from './event-contexts.service';
import { Following } from './follow.service';
import { NearestEvents } from './nearest-events.service';
import { Pages } from './pages.service';
import { RoomAccess } from './room-access.service';
import { RoomReading } from './room-reading.service';
import type { RoomsConfig } from './rooms.config';
import type { CreateRoomRequest } from './rooms.model';

export interface RoomsDependencies {
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly membership: Membership;
  readonly directory: Directory;
  readonly eventViews: EventViews;
}

/** Making rooms and reading them. */
export class Rooms {
  /** Pages of events. */
  readonly pages: Pages;
  /** An event and what is around it. */
  readonly contexts: EventContexts;
  /** State and members. */
  readonly reading: RoomReading;
  /** Events by their time. */
  readonly nearest: NearestEvents;
  /** Live timelines. */
  readonly following: Following;
  /** Who may read a room. */
  readonly access: RoomAccess;
  private readonly creation: RoomCreation;
  private readonly timeline: Timeline;
  private readonly membership: Membership;

  constructor(config: RoomsConfig, { roomState, timeline, membership, directory, eventViews }: RoomsDependencies) {
    this.timeline = timeline;
    this.membership = membership;
    this.access = new RoomAccess(roomState, timeline, membership);
    this.pages = new Pages(roomState, timeline, eventViews, this.access);
    this.contexts = new EventContexts(roomState, timeline, eventViews, this.access);
    this.reading = new RoomReading(timeline, membership, eventViews, this.access, this.pages);
    this.nearest = new NearestEvents(timeline, eventViews, this.access);
    this.following = new Following(timeline, eventViews, this.access);
    this.creation = new RoomCreation(config, timeline, membership, directory);
  }

  /** Makes a room; its id. See {@link RoomCreation.create}. */
  create(requester: Requester, request: CreateRoomRequest): Promise<string> {
    return this.creation.create(requester, request);
  }

  /** The users who name a room that has neither name nor alias; undefined for rooms that have one. */
  async heroes(room: RoomInfo, userId: string): Promise<string[] | undefined> {
    if ((await this.text(room, 'm.room.name', 'name')) !== undefined) return undefined;
    if ((await this.text(room, 'm.room.canonical_alias', 'alias')) !== undefined) return undefined;
    return this.membership.heroes(room, userId);
  }

  /** The room's name, when it has one. */
  name(room: RoomInfo): Promise<string | undefined> {
    return this.text(room, 'm.room.name', 'name');
  }

  /** A text of the current state, unless it is empty or redacted. */
  private async text(room: RoomInfo, type: string, key: string): Promise<string | undefined> {
    const event = await this.timeline.currentState(room, type, '');
    if (event === undefined || event.redactedByNid !== null) return undefined;
    const text = ownString((event.pdu as Pdu).content, key);
    return text === '' ? undefined : text;
  }
}
