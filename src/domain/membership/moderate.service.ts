import { BadStateError, ForbiddenError, InvalidParamError } from '#kernel/errors';
import { isValidUserId } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import { ownString, ownValue } from '#protocol/json-access';
import type { Accounts } from '../accounts';
import type { RoomInfo, RoomState } from '../room-state';
import { NotInRoomError, type Timeline } from '../timeline';
import { reasonOf, type Joining } from './join.service';
import type { MemberRules } from './member-rules.service';
import type { Members } from './members.service';
import { MEMBER_EVENT, type RoomMembership } from './membership.model';
import type { RemoteRooms } from './membership.ports';

export interface ChangeOptions {
  readonly reason?: string;
}

export interface InviteOptions extends ChangeOptions {
  /** Copied into the invite by createRoom. */
  readonly isDirect?: boolean;
}

/** A member event as its sender wrote it. */
export interface MemberChange {
  readonly roomId: string;
  readonly userId: string;
  readonly content: JsonObject;
}

const CAN_BE_KICKED: ReadonlySet<string> = new Set(['join', 'invite', 'knock']);

/** What users do to the memberships of others. The room's power levels decide who may. */
export class Moderation {
  private remote: RemoteRooms | undefined;

  constructor(
    private readonly timeline: Timeline,
    private readonly members: Members,
    private readonly joining: Joining,
    private readonly rules: MemberRules,
    private readonly accounts: Pick<Accounts, 'isLocal'>,
    private readonly rooms: Pick<RoomState, 'info'>,
  ) {}

  bind(remote: RemoteRooms): void {
    this.remote = remote;
  }

  /**
   * Invites a user; an invite that is there already stays.
   * @throws ForbiddenError by the room's rules and for users who are joined or banned; InviteBlockedError, InvalidParamError
   */
  async invite(requester: Requester, roomId: string, userId: string, options: InviteOptions = {}): Promise<void> {
    assertUserId(userId);
    // Other servers write their users' profiles into their answer's event if they like.
    const profile = this.accounts.isLocal(userId) ? await this.joining.shownProfile(userId) : {};
    const direct: JsonObject = options.isDirect === undefined ? {} : { is_direct: options.isDirect };
    const content = { ...profile, ...reasonOf(options), ...direct, membership: 'invite' };
    await this.set(requester, { roomId, userId, content });
  }

  /**
   * Sets a membership by its event's whole content, as a PUT of state does; the event's id. Invites of users of other
   * servers are made together with those servers, whichever way they are asked for.
   */
  async set(requester: Requester, change: MemberChange): Promise<string> {
    const { roomId, userId, content } = change;
    const isInvite = ownString(content, 'membership') === 'invite';
    if (isInvite && isValidUserId(userId) && !this.accounts.isLocal(userId)) {
      return this.inviteElsewhere(requester, change);
    }
    return this.timeline.send(requester, { roomId, type: MEMBER_EVENT, stateKey: userId, content });
  }

  /** Removes a user, their invite or their knock. @throws ForbiddenError, also for users who are not in the room */
  async kick(requester: Requester, roomId: string, userId: string, options: ChangeOptions = {}): Promise<void> {
    const target = await this.target(requester, roomId, userId);
    // To the room's rules, "leave" for a banned user would be an unban.
    if (target === undefined || !CAN_BE_KICKED.has(target.membership)) {
      throw new ForbiddenError('This user is not in the room');
    }
    await this.change(requester, roomId, userId, 'leave', options);
  }

  /** Bans a user, member or not. @throws ForbiddenError */
  async ban(requester: Requester, roomId: string, userId: string, options: ChangeOptions = {}): Promise<void> {
    assertUserId(userId);
    await this.change(requester, roomId, userId, 'ban', options);
  }

  /** Lifts a ban; the user is then out of the room. @throws ForbiddenError, BadStateError for users who are not banned */
  async unban(requester: Requester, roomId: string, userId: string, options: ChangeOptions = {}): Promise<void> {
    const target = await this.target(requester, roomId, userId);
    if (target?.membership !== 'ban') throw new BadStateError('This user is not banned');
    await this.change(requester, roomId, userId, 'leave', options);
  }

  /** Users of other servers are invited with their server's help, which signs the invite too. */
  private async inviteElsewhere(
    { userId: sender }: Requester,
    { roomId, userId, content }: MemberChange,
  ): Promise<string> {
    const own = await this.members.of(sender, roomId);
    const room = await this.rooms.info(roomId);
    if (own?.membership !== 'join' || room === undefined) throw new NotInRoomError();
    if (this.remote === undefined) throw new ForbiddenError('Users of other servers cannot be invited');
    await this.rules.checkSuspension(sender);
    await this.requireFederated(room);
    return this.remote.invite(room, { sender, userId, content });
  }

  /** The room's rules would let nobody of another server in, nor even reject the invite. Spec: "Authorisation rules", 4. */
  private async requireFederated(room: RoomInfo): Promise<void> {
    const create = await this.timeline.currentState(room, 'm.room.create', '');
    const content = create?.pdu.content as JsonObject | undefined;
    if (ownValue(content, 'm.federate') === false) throw new ForbiddenError('This room is not open to other servers');
  }

  /** The target's membership, for requesters who may know it. */
  private async target(requester: Requester, roomId: string, userId: string): Promise<RoomMembership | undefined> {
    assertUserId(userId);
    const own = await this.members.of(requester.userId, roomId);
    if (own?.membership !== 'join') throw new NotInRoomError();
    return this.members.of(userId, roomId);
  }

  private async change(
    requester: Requester,
    roomId: string,
    userId: string,
    membership: string,
    options: ChangeOptions,
  ): Promise<void> {
    const content = { ...reasonOf(options), membership };
    await this.set(requester, { roomId, userId, content });
  }
}

function assertUserId(userId: string): void {
  if (!isValidUserId(userId)) throw new InvalidParamError('user_id is not a user ID');
}
