import { BadJsonError, ForbiddenError, GuestAccessForbiddenError, InvalidParamError } from '#kernel/errors';
import { isValidUserId } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import { StreamCache } from '#platform/cache/stream-cache';
import { membershipOf, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import { UserSuspendedError, type Accounts } from '../accounts';
import type { AccountData } from '../account-data';
import type { RoomInfo } from '../room-state';
import type { DraftRule, EventDraft, Timeline } from '../timeline';
import { InviteBlockedError } from './membership.errors';
import { isMembershipState, MEMBER_EVENT } from './membership.model';
import type { RemoteRooms } from './membership.ports';

const AUTHORISER = 'join_authorised_via_users_server';
const INVITE_PERMISSIONS = 'm.invite_permission_config';

/**
 * This server's rules on memberships, over and above the room's: applied to every way in which a member event is sent, so
 * that a PUT of state is no back door.
 */
export class MemberRules implements DraftRule {
  private remote: RemoteRooms | undefined;
  private readonly suspended = new StreamCache<string, boolean>(50_000);

  constructor(
    private readonly accounts: Accounts,
    private readonly accountData: AccountData,
    private readonly timeline: Timeline,
  ) {
    accounts.onChange((userId) => this.suspended.drop(userId));
  }

  /** Lets users of other servers be invited. */
  bind(remote: RemoteRooms): void {
    this.remote = remote;
  }

  async checkDraft(requester: Requester, room: RoomInfo, draft: EventDraft): Promise<void> {
    const { type, stateKey, content } = draft;
    const membership = type === MEMBER_EVENT && stateKey !== undefined ? ownString(content, 'membership') : undefined;
    const isOwnLeave = membership === 'leave' && stateKey === requester.userId;
    if (!isOwnLeave && !(await this.isOwnRedaction(requester, draft))) await this.checkSuspension(requester.userId);
    if (type !== MEMBER_EVENT || stateKey === undefined) return;
    if (!isValidUserId(stateKey)) throw new InvalidParamError('The state key of a member event is a user ID');
    if (!isMembershipState(membership)) throw new BadJsonError('membership: must be join, invite, knock, leave or ban');
    if (membership === 'invite') {
      // The invited server signs too, so these are not made like other events: membership makes them.
      if (!this.accounts.isLocal(stateKey)) throw new ForbiddenError('Users of other servers cannot be invited');
      await this.checkInvite(requester.userId, stateKey);
    }
    if (membership === 'join') await this.checkJoin(requester, room, content);
  }

  /**
   * Whether a user can be invited by another.
   * @throws InviteBlockedError, ForbiddenError for closed accounts, and for users of other servers while there is no federation
   */
  async checkInvite(inviter: string, userId: string): Promise<void> {
    if (!isValidUserId(userId)) throw new InvalidParamError('user_id is not a user ID');
    if (!this.accounts.isLocal(userId)) {
      if (this.remote === undefined) throw new ForbiddenError('Users of other servers cannot be invited');
      return;
    }
    const account = await this.accounts.get(userId);
    if (account !== undefined && account.deactivatedTs !== null) throw new ForbiddenError('This account is closed');
    if (inviter !== userId && (await this.blocksInvites(userId))) throw new InviteBlockedError();
  }

  /** Whether a user's settings say that invites are not wanted; stored ones are hidden then. */
  async blocksInvites(userId: string): Promise<boolean> {
    const config = await this.accountData.get(userId, null, INVITE_PERMISSIONS);
    return config?.default_action === 'block';
  }

  private async checkJoin(requester: Requester, room: RoomInfo, content: JsonObject): Promise<void> {
    if (requester.isGuest) await this.checkGuest(room);
    const authoriser = content[AUTHORISER];
    if (authoriser === undefined) return;
    // Our signature on such an event says that the conditions were checked: only the join action may add this.
    const member = await this.timeline.currentState(room, MEMBER_EVENT, requester.userId);
    const present = member?.pdu as Pdu | undefined;
    if (membershipOf(present) !== 'join' || present!.content[AUTHORISER] !== authoriser) {
      throw new ForbiddenError('Join the room by its join operation');
    }
  }

  /** Spec: client-server API, "Guest Access". */
  private async checkGuest(room: RoomInfo): Promise<void> {
    const access = await this.timeline.currentState(room, 'm.room.guest_access', '');
    if (!allowsGuests(access?.pdu)) throw new GuestAccessForbiddenError('Guests cannot join this room');
  }

  private async isOwnRedaction({ userId }: Requester, { type, content, redacts }: EventDraft): Promise<boolean> {
    const target = redacts ?? ownString(content, 'redacts');
    if (type !== 'm.room.redaction' || target === undefined) return false;
    return (await this.timeline.event(target))?.sender === userId;
  }

  /**
   * Suspended users read, leave and redact what is theirs, and nothing else. Spec: client-server API, "Account suspension".
   * @throws UserSuspendedError
   */
  async checkSuspension(userId: string): Promise<void> {
    const read = async () => (await this.accounts.get(userId))?.suspended ?? false;
    if (await this.suspended.load(userId, read)) throw new UserSuspendedError();
  }
}

/** Whether a guest access event lets guests in. */
export function allowsGuests(event: JsonObject | undefined): boolean {
  return event !== undefined && ownString((event as Pdu).content, 'guest_access') === 'can_join';
}
