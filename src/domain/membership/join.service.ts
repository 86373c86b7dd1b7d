import { ForbiddenError, NotFoundError } from '#kernel/errors';
import { isValidUserId, parseRoomAlias, parseRoomId } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import { powerLevels } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import { ownString, ownValue } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { Profiles } from '../profiles';
import type { RoomInfo, RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { Members } from './members.service';
import type { MemberRules } from './member-rules.service';
import { UnableToGrantJoinError } from './membership.errors';
import { MEMBER_EVENT } from './membership.model';
import type { AliasResolver } from './membership.ports';

export interface JoinOptions {
  readonly reason?: string;
}

/** Joining rooms, and knocking on them. */
export class Joining {
  private aliases: AliasResolver | undefined;

  constructor(
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly profiles: Profiles,
    private readonly members: Members,
    private readonly rules: MemberRules,
  ) {}

  bind(aliases: AliasResolver): void {
    this.aliases = aliases;
  }

  /**
   * Joins a room by id or alias; its id. Joining again changes nothing.
   * Spec: client-server API, "Joining rooms"; restricted rooms: "Restricted rooms".
   * @throws NotFoundError for rooms and aliases that are not here; ForbiddenError, GuestAccessForbiddenError,
   * UnableToGrantJoinError
   */
  async join(requester: Requester, roomIdOrAlias: string, options: JoinOptions = {}): Promise<string> {
    const room = await this.find(roomIdOrAlias);
    const { userId } = requester;
    const member = await this.members.of(userId, room.roomId);
    if (member?.membership === 'join') return room.roomId;
    const content = { ...(await this.shownProfile(userId)), ...reasonOf(options), membership: 'join' };
    const draft = { roomId: room.roomId, type: MEMBER_EVENT, stateKey: userId, content };
    await this.rules.checkDraft(requester, room, draft);
    const vouched = member?.membership === 'invite' ? {} : await this.authorise(room, userId);
    await this.timeline.append(room, [{ ...draft, sender: userId, content: { ...content, ...vouched } }]);
    return room.roomId;
  }

  /** Asks to be let into a room; its id. Spec: client-server API, "Knocking on rooms". */
  async knock(requester: Requester, roomIdOrAlias: string, options: JoinOptions = {}): Promise<string> {
    const room = await this.find(roomIdOrAlias);
    const { userId: stateKey } = requester;
    const content = { ...(await this.shownProfile(stateKey)), ...reasonOf(options), membership: 'knock' };
    await this.timeline.send(requester, { roomId: room.roomId, type: MEMBER_EVENT, stateKey, content });
    return room.roomId;
  }

  /** Display name and avatar of a local user, as member events carry them. */
  async shownProfile(userId: string): Promise<JsonObject> {
    const { displayname, avatar_url } = (await this.profiles.get(userId)) ?? {};
    return {
      ...(displayname === undefined ? {} : { displayname }),
      ...(avatar_url === undefined ? {} : { avatar_url }),
    };
  }

  private async find(roomIdOrAlias: string): Promise<RoomInfo> {
    const isAlias = roomIdOrAlias.startsWith('#');
    if (isAlias) parseRoomAlias(roomIdOrAlias);
    else parseRoomId(roomIdOrAlias);
    const resolve = async () => (await this.aliases?.resolve(roomIdOrAlias))?.roomId ?? '';
    const room = await this.rooms.info(isAlias ? await resolve() : roomIdOrAlias);
    if (room === undefined) throw new NotFoundError('No such room on this server');
    return room;
  }

  /** For restricted rooms: checks the conditions and names a local user with the power to let the joiner in. */
  private async authorise(room: RoomInfo, userId: string): Promise<JsonObject> {
    const version = roomVersion(room.version);
    const rules = (await this.timeline.currentState(room, 'm.room.join_rules', ''))?.pdu as Pdu | undefined;
    const rule = rules && ownString(rules.content, 'join_rule');
    const isRestricted =
      (rule === 'restricted' && version.restrictedJoin) || (rule === 'knock_restricted' && version.knockRestrictedJoin);
    if (!isRestricted || rules === undefined) return {};
    const allowed = await this.meetsACondition(userId, ownValue(rules.content, 'allow'));
    if (!allowed) throw new ForbiddenError('You are in none of the rooms whose members may join');
    return { join_authorised_via_users_server: await this.authoriser(room) };
  }

  private async meetsACondition(userId: string, allow: JsonValue | undefined): Promise<boolean> {
    for (const condition of Array.isArray(allow) ? allow : []) {
      if (!isJsonObject(condition) || ownString(condition, 'type') !== 'm.room_membership') continue;
      const roomId = ownString(condition, 'room_id');
      const member = roomId === undefined ? undefined : await this.members.of(userId, roomId);
      if (member?.membership === 'join') return true;
    }
    return false;
  }

  /** A joined local user who may invite: creators first, then those named in the power levels, then anybody if all may. */
  private async authoriser(room: RoomInfo): Promise<string> {
    const [create, levelsEvent] = await Promise.all([
      this.timeline.currentState(room, 'm.room.create', ''),
      this.timeline.currentState(room, 'm.room.power_levels', ''),
    ]);
    const levels = powerLevels(roomVersion(room.version), create!.pdu as Pdu, levelsEvent?.pdu as Pdu | undefined);
    const joined = await this.members.joinedLocalUsers(room);
    const named = levelsEvent && (levelsEvent.pdu as Pdu).content.users;
    const candidates = [...room.creators, ...Object.keys(isJsonObject(named) ? named : {})];
    const mayInvite = (userId: string) => joined.has(userId) && levels.userLevel(userId) >= levels.invite;
    const found = candidates.filter(isValidUserId).find(mayInvite);
    if (found !== undefined) return found;
    if (levels.usersDefault >= levels.invite) for (const userId of joined) if (mayInvite(userId)) return userId;
    throw new UnableToGrantJoinError();
  }
}

/** The `reason` member of an event's content, when there is one. */
export function reasonOf({ reason }: { readonly reason?: string }): JsonObject {
  return reason === undefined ? {} : { reason };
}
