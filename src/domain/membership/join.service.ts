import { GuestAccessForbiddenError, NotFoundError } from '#kernel/errors';
import { parseRoomAlias, parseRoomId } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Profiles } from '../profiles';
import type { RoomInfo, RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { Members } from './members.service';
import type { MemberRules } from './member-rules.service';
import { UnableToAuthoriseJoinError, UnableToGrantJoinError } from './membership.errors';
import { MEMBER_EVENT } from './membership.model';
import type { AliasResolver, RemoteRooms } from './membership.ports';
import type { RestrictedJoins } from './restricted-joins.service';

export interface JoinOptions {
  readonly reason?: string;
  /** Servers that may know the room. */
  readonly via?: readonly string[];
}

/** Joining rooms, and knocking on them. */
export class Joining {
  private aliases: AliasResolver | undefined;
  private remote: RemoteRooms | undefined;

  constructor(
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly profiles: Profiles,
    private readonly members: Members,
    private readonly rules: MemberRules,
    private readonly restricted: RestrictedJoins,
  ) {}

  bind(ports: { readonly aliases?: AliasResolver; readonly remote?: RemoteRooms }): void {
    this.aliases = ports.aliases ?? this.aliases;
    this.remote = ports.remote ?? this.remote;
  }

  /**
   * Joins a room by id or alias; its id. Joining again changes nothing. Rooms that this server is not in are joined by way of
   * another server. Spec: client-server API, "Joining rooms"; restricted rooms: "Restricted rooms".
   * @throws NotFoundError for rooms and aliases that cannot be found; ForbiddenError, GuestAccessForbiddenError,
   * UnableToGrantJoinError
   */
  async join(requester: Requester, roomIdOrAlias: string, options: JoinOptions = {}): Promise<string> {
    const { roomId, servers } = await this.find(roomIdOrAlias);
    const { userId } = requester;
    const room = await this.residentRoom(roomId);
    const member = await this.members.of(userId, roomId);
    if (room !== undefined && member?.membership === 'join') return roomId;
    const content = { ...(await this.shownProfile(userId)), ...reasonOf(options), membership: 'join' };
    const via = [...(options.via ?? []), ...servers];
    if (room === undefined) {
      await this.joinElsewhere(requester, roomId, via, content);
      return roomId;
    }
    const draft = { roomId, type: MEMBER_EVENT, stateKey: userId, content };
    await this.rules.checkDraft(requester, room, draft);
    const vouched = await this.authorise(room, userId);
    if (vouched === undefined) await this.joinElsewhere(requester, roomId, via, content);
    else await this.timeline.append(room, [{ ...draft, sender: userId, content: { ...content, ...vouched } }]);
    return roomId;
  }

  /** Asks to be let into a room; its id. Spec: client-server API, "Knocking on rooms". */
  async knock(requester: Requester, roomIdOrAlias: string, options: JoinOptions = {}): Promise<string> {
    const { roomId, servers } = await this.find(roomIdOrAlias);
    const { userId: stateKey } = requester;
    const content = { ...(await this.shownProfile(stateKey)), ...reasonOf(options), membership: 'knock' };
    if ((await this.residentRoom(roomId)) === undefined) {
      await this.rules.checkSuspension(stateKey);
      const via = [...(options.via ?? []), ...servers];
      await this.elsewhere().knock({ userId: stateKey, roomId, via, content });
    } else await this.timeline.send(requester, { roomId, type: MEMBER_EVENT, stateKey, content });
    return roomId;
  }

  /** Display name and avatar of a local user, as member events carry them. */
  async shownProfile(userId: string): Promise<JsonObject> {
    const { displayname, avatar_url } = (await this.profiles.get(userId)) ?? {};
    return {
      ...(displayname === undefined ? {} : { displayname }),
      ...(avatar_url === undefined ? {} : { avatar_url }),
    };
  }

  private async find(roomIdOrAlias: string): Promise<{ roomId: string; servers: readonly string[] }> {
    if (!roomIdOrAlias.startsWith('#')) {
      parseRoomId(roomIdOrAlias);
      return { roomId: roomIdOrAlias, servers: [] };
    }
    parseRoomAlias(roomIdOrAlias);
    const found = await this.aliases?.resolve(roomIdOrAlias);
    if (found === undefined) throw new NotFoundError('No such room on this server');
    return found;
  }

  /** The room, when this server is in it: then it can let users in by itself. */
  private async residentRoom(roomId: string): Promise<RoomInfo | undefined> {
    const room = await this.rooms.info(roomId);
    if (room === undefined) return undefined;
    if ((await this.members.joinedLocalUsers(room)).size > 0) return room;
    // A join that did not hold leaves nothing but the room's name.
    if ((await this.timeline.currentState(room, 'm.room.create', '')) === undefined) return undefined;
    // A room that everybody has left can be joined again where its history is.
    return this.remote === undefined || (await this.members.servers.of(room)).length === 0 ? room : undefined;
  }

  private async joinElsewhere(requester: Requester, roomId: string, via: string[], content: JsonObject): Promise<void> {
    const { userId } = requester;
    await this.rules.checkSuspension(userId);
    if (requester.isGuest) throw new GuestAccessForbiddenError('Guests cannot join rooms of other servers');
    await this.elsewhere().join({ userId, roomId, via, content });
  }

  private elsewhere(): RemoteRooms {
    if (this.remote === undefined) throw new NotFoundError('No such room on this server');
    return this.remote;
  }

  /** What a restricted join must say; undefined when only another server can let the user in. */
  private async authorise(room: RoomInfo, userId: string): Promise<JsonObject | undefined> {
    try {
      return await this.restricted.authorise(room, userId);
    } catch (error) {
      const cannot = error instanceof UnableToGrantJoinError || error instanceof UnableToAuthoriseJoinError;
      if (cannot && this.remote !== undefined && (await this.members.servers.of(room)).length > 0) return undefined;
      throw error;
    }
  }
}

/** The `reason` member of an event's content, when there is one. */
export function reasonOf({ reason }: { readonly reason?: string }): JsonObject {
  return reason === undefined ? {} : { reason };
}
