/**
 * Membership: who is in which room, and all the ways in and out. Owns the tables `room_memberships` and
 * `room_member_counts`, written in the timeline's transactions, `out_of_band_memberships` and its stream. Spec: client-server API, "Room membership".
 */
export { Membership, type MembershipDependencies } from './membership.service';
export type { JoinedServers } from './joined-servers.service';
export type { JoinOptions } from './join.service';
export type { ChangeOptions, InviteOptions, MemberChange } from './moderate.service';
export { InviteBlockedError, UnableToAuthoriseJoinError, UnableToGrantJoinError } from './membership.errors';
export type { AliasResolver, RemoteEntry, RemoteRooms } from './membership.ports';
export type { MemberCounts, MemberFilter, MembershipState, RoomMembership } from './membership.model';
export type { OutOfBandMember, OutOfBandMembership, OutOfBandMemberships } from './out-of-band.model';
export { OUT_OF_BAND_STREAM } from './out-of-band.stream';
