import { formatStrippedState, type StrippedState } from '#protocol/events/index';
import type { AccountData } from '../account-data';
import type { RoomState } from '../room-state';
import type { MemberRules } from './member-rules.service';
import type { RoomMembership } from './membership.model';
import type { ShownState } from './shown-state.service';

/** Invites and knocks as their users see them. */
export class InviteStates {
  constructor(
    private readonly shownState: ShownState,
    private readonly rules: MemberRules,
    private readonly accountData: AccountData,
    private readonly rooms: Pick<RoomState, 'info'>,
  ) {}

  /** The room's stripped state, the inviter's and the user's own member events last. */
  async of({ roomId, userId, sender, eventNid }: RoomMembership): Promise<StrippedState[]> {
    const room = await this.rooms.info(roomId);
    if (room === undefined) return [];
    const inviter = sender === userId ? [] : [sender];
    return (await this.shownState.of(room, inviter, [eventNid])).map(formatStrippedState);
  }

  async isHidden({ userId, sender }: RoomMembership): Promise<boolean> {
    if ((await this.accountData.ignoredUsers(userId)).has(sender)) return true;
    return this.rules.blocksInvites(userId);
  }
}
