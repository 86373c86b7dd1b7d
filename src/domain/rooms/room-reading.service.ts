import { NotFoundError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { ClientEvent } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import type { EventViews } from '../event-views';
import type { Membership, RoomMembership } from '../membership';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { Pages } from './pages.service';
import { refuseState, type RoomAccess, type RoomReach } from './room-access.service';

export interface MembersQuery {
  /** A place or sync token: the members at that point. */
  readonly at?: string;
  readonly membership?: string;
  readonly notMembership?: string;
}

/** How long a reader waits for members that are still being brought from another server. */
const MEMBERS_WAIT_MS = 30_000;

/** Name and avatar of a joined member, as `GET /joined_members` writes them. */
export interface JoinedMember {
  display_name?: string;
  avatar_url?: string;
}

/** State and members of rooms for those who may read them: now, or as it was when the reader left. */
export class RoomReading {
  constructor(
    private readonly timeline: Timeline,
    private readonly membership: Membership,
    private readonly views: EventViews,
    private readonly access: RoomAccess,
    private readonly pages: Pages,
  ) {}

  /**
   * The whole state. Spec: client-server API, `GET /rooms/{roomId}/state`. Like the lists of members it waits for members
   * that are still being brought, since clients take it for complete and do not ask again.
   * @throws ForbiddenError, LimitExceededError when the members do not come
   */
  async state(requester: Requester, roomId: string): Promise<ClientEvent[]> {
    const { room, until } = await this.access.reach(requester, roomId);
    await this.timeline.imports.whole(room, MEMBERS_WAIT_MS);
    const events =
      until === undefined
        ? await this.timeline.currentStateAll(room)
        : await this.timeline.stateAllAt(await this.timeline.snapshotAfter(room, until));
    return this.views.state(requester.userId, room, events);
  }

  /** One state event. @throws as {@link state}, NotFoundError when the state has no such entry */
  async stateEvent(requester: Requester, roomId: string, type: string, stateKey: string): Promise<ClientEvent> {
    const event = await this.findStateEvent(requester, roomId, type, stateKey);
    if (event === undefined) throw new NotFoundError('There is no such state event');
    return event;
  }

  /**
   * One state event, or undefined when the state has no such entry. Who is not known to be a member may be among those that
   * are still being brought. @throws as {@link state}
   */
  async findStateEvent(
    requester: Requester,
    roomId: string,
    type: string,
    stateKey: string,
  ): Promise<ClientEvent | undefined> {
    const reach = await this.access.reach(requester, roomId);
    let event = await this.entry(reach, type, stateKey);
    if (event === undefined && type === 'm.room.member') {
      await this.timeline.imports.whole(reach.room, MEMBERS_WAIT_MS);
      event = await this.entry(reach, type, stateKey);
    }
    if (event === undefined) return undefined;
    const [view] = await this.views.state(requester.userId, reach.room, [event]);
    return view;
  }

  /** Member events. Spec: client-server API, `GET /rooms/{roomId}/members`. @throws as {@link state}, InvalidParamError */
  async members(requester: Requester, roomId: string, query: MembersQuery): Promise<ClientEvent[]> {
    const reach = await this.access.reach(requester, roomId);
    const { room } = reach;
    await this.timeline.imports.whole(room, MEMBERS_WAIT_MS);
    const { membership, notMembership } = query;
    const at = await this.snapshotAt(requester, reach, query.at);
    const events = await this.membership.memberEvents(room, { membership, notMembership, at });
    return this.views.state(requester.userId, room, events);
  }

  /** A page of memberships in order of user id, for joined members; at most `limit` after the user `after`. */
  async memberPage(
    requester: Requester,
    roomId: string,
    query: { readonly membership?: string; readonly after?: string; readonly limit: number },
  ): Promise<RoomMembership[]> {
    const room = await this.access.joined(requester, roomId);
    return this.membership.memberPage(room, query.membership, query.after ?? '', query.limit);
  }

  /** Names and avatars of joined members, for joined members. @throws as {@link state} */
  async joinedMembers(requester: Requester, roomId: string): Promise<Record<string, JoinedMember>> {
    const room = await this.access.joined(requester, roomId);
    await this.timeline.imports.whole(room, MEMBERS_WAIT_MS);
    const events = await this.membership.memberEvents(room, { membership: 'join' });
    const shown = await this.views.state(requester.userId, room, events);
    return Object.fromEntries(shown.map((event) => [event.state_key ?? '', shortMember(event.content)]));
  }

  private async entry({ room, until }: RoomReach, type: string, stateKey: string): Promise<StoredEvent | undefined> {
    if (until === undefined) return this.timeline.currentState(room, type, stateKey);
    return this.timeline.stateAt(await this.timeline.snapshotAfter(room, until), type, stateKey);
  }

  /** The state to look at; undefined for the current one. Whoever may not see the last event at a point may not see it. */
  private async snapshotAt(requester: Requester, { room, until }: RoomReach, at?: string): Promise<number | undefined> {
    if (at === undefined) return until === undefined ? undefined : this.timeline.snapshotAfter(room, until);
    const place = Math.min(await this.pages.place(room, at, 'at'), until ?? Infinity);
    await this.checkVisible(requester, room, place);
    return this.timeline.snapshotAfter(room, place);
  }

  private async checkVisible(requester: Requester, room: RoomInfo, place: number): Promise<void> {
    const [event] = await this.timeline.range(room, { from: place + 1, direction: 'b', limit: 1 });
    if (event !== undefined && !(await this.views.canSee(requester.userId, room, event))) refuseState();
  }
}

function shortMember(content: JsonObject): JoinedMember {
  const name = ownString(content, 'displayname');
  const avatar = ownString(content, 'avatar_url');
  return {
    ...(name === undefined ? {} : { display_name: name }),
    ...(avatar === undefined ? {} : { avatar_url: avatar }),
  };
}
