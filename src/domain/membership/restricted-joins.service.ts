import { ForbiddenError } from '#kernel/errors';
import { isValidUserId } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { powerLevels } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import { ownString, ownValue } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { RoomInfo, RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { Members } from './members.service';
import { UnableToAuthoriseJoinError, UnableToGrantJoinError } from './membership.errors';

/** Conditions of one room that are looked at. */
const MAX_CONDITIONS = 100;

/** Who may join rooms that let in the members of other rooms. Spec: client-server API, "Restricted rooms". */
export class RestrictedJoins {
  constructor(
    private readonly rooms: Pick<RoomState, 'info'>,
    private readonly timeline: Timeline,
    private readonly members: Members,
  ) {}

  /**
   * What a user's join must say besides: for restricted rooms the local user with the power to let the joiner in, after the
   * conditions were checked; nothing for other rooms and for users who are invited or joined already.
   * @throws ForbiddenError when no condition holds, UnableToAuthoriseJoinError when that cannot be told here,
   * UnableToGrantJoinError when nobody here has the power
   */
  async authorise(room: RoomInfo, userId: string): Promise<JsonObject> {
    const version = roomVersion(room.version);
    const rules = (await this.timeline.currentState(room, 'm.room.join_rules', ''))?.pdu as Pdu | undefined;
    const rule = rules && ownString(rules.content, 'join_rule');
    const isRestricted =
      (rule === 'restricted' && version.restrictedJoin) || (rule === 'knock_restricted' && version.knockRestrictedJoin);
    if (!isRestricted || rules === undefined) return {};
    const member = await this.members.of(userId, room.roomId);
    if (member?.membership === 'invite' || member?.membership === 'join') return {};
    await this.requireCondition(userId, ownValue(rules.content, 'allow'));
    return { join_authorised_via_users_server: await this.authoriser(room) };
  }

  private async requireCondition(userId: string, allow: JsonValue | undefined): Promise<void> {
    let canTell = true;
    for (const condition of Array.isArray(allow) ? allow.slice(0, MAX_CONDITIONS) : []) {
      if (!isJsonObject(condition) || ownString(condition, 'type') !== 'm.room_membership') continue;
      const roomId = ownString(condition, 'room_id') ?? '';
      if ((await this.members.of(userId, roomId))?.membership === 'join') return;
      canTell &&= await this.isHere(roomId);
    }
    if (!canTell) throw new UnableToAuthoriseJoinError();
    throw new ForbiddenError('You are in none of the rooms whose members may join');
  }

  /** Whether this server knows who is in a room. */
  private async isHere(roomId: string): Promise<boolean> {
    const room = await this.rooms.info(roomId);
    return room !== undefined && (await this.members.joinedLocalUsers(room)).size > 0;
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
