import { formatStrippedState, redactEvent, type Pdu, type StrippedState } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { AccountData } from '../account-data';
import type { RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { MemberRules } from './member-rules.service';
import type { RoomMembership } from './membership.model';
import { MEMBER_EVENT } from './membership.model';

/** What strangers to a room are shown of it. Spec: client-server API, "Stripped state". */
const SHOWN = [
  'm.room.create',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.join_rules',
  'm.room.canonical_alias',
  'm.room.encryption',
];

/** Invites and knocks as their users see them. */
export class InviteStates {
  constructor(
    private readonly timeline: Timeline,
    private readonly rules: MemberRules,
    private readonly accountData: AccountData,
    private readonly rooms: RoomState,
  ) {}

  /** The room's stripped state, the inviter's and the user's own member events last. */
  async of({ roomNid, roomId, userId, sender, eventNid }: RoomMembership): Promise<StrippedState[]> {
    const room = await this.rooms.info(roomId);
    if (room === undefined) return [];
    const shown = await this.rooms.currentOfRooms([roomNid], SHOWN);
    const inviter = sender === userId ? undefined : await this.rooms.current(room, MEMBER_EVENT, sender);
    const nids = shown.filter((entry) => entry.stateKey === '').map((entry) => entry.eventNid);
    const events = await this.timeline.events([...nids, ...(inviter === undefined ? [] : [inviter]), eventNid]);
    const version = roomVersion(room.version);
    return events.map(({ pdu, redactedByNid }) =>
      formatStrippedState(redactedByNid === null ? (pdu as Pdu) : redactEvent(version, pdu as Pdu)),
    );
  }

  async isHidden({ userId, sender }: RoomMembership): Promise<boolean> {
    if ((await this.accountData.ignoredUsers(userId)).has(sender)) return true;
    return this.rules.blocksInvites(userId);
  }
}
