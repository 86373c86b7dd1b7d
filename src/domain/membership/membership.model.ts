import type { Position } from '#platform/storage/storage';

const MEMBERSHIP_STATES = ['join', 'invite', 'knock', 'leave', 'ban'] as const;

export type MembershipState = (typeof MEMBERSHIP_STATES)[number];

/** Whether a text is one of the memberships that there are. */
export function isMembershipState(text: string | undefined): text is MembershipState {
  return MEMBERSHIP_STATES.some((state) => state === text);
}

/** A local or remote user's present membership in a room, one row a user and room. */
export interface RoomMembership {
  readonly userId: string;
  readonly roomNid: number;
  readonly roomId: string;
  readonly membership: MembershipState;
  readonly eventNid: number;
  readonly eventId: string;
  /** Who sent the member event: differs from userId for invites, kicks and bans. */
  readonly sender: string;
  /** Ordinal of the member event in the room. */
  readonly ordinal: number;
  readonly position: Position;
  /** The user forgot the room: it is gone from history and sync for them. */
  readonly forgotten: boolean;
  /** Only known from another server: this one is not in the room, `eventNid` and `ordinal` are 0 and name nothing. */
  readonly outOfBand?: true;
}

/** How many members a room has. */
export interface MemberCounts {
  readonly joined: number;
  readonly invited: number;
}

/** Which members a list shows. */
export interface MemberFilter {
  readonly membership?: string;
  readonly notMembership?: string;
  /** The state in which to look; the current one when left out. */
  readonly at?: number;
}

/** The member events of rooms, as `membership` in their content. */
export const MEMBER_EVENT = 'm.room.member';
