import type { JsonValue } from '#kernel/json';
import type { InspectedEvent, StrippedState } from '#protocol/events/index';
import type { RoomMembership } from './membership.model';

/** A membership in a room that this server is not in: known by its event and what the inviter (or knocked-on server) showed. */
export interface OutOfBandMembership {
  readonly roomId: string;
  readonly version: string;
  /** The member event, checked and signed by its server and, for invites, countersigned by us. */
  readonly event: InspectedEvent;
  /** As it came: invite_room_state or knock_room_state. Bad entries are dropped, at most 100 kept, 64 KiB in all. */
  readonly strippedState: readonly JsonValue[];
}

/** What a user is in a room that this server is not in. */
export interface OutOfBandMember extends RoomMembership {
  /** The server that brought the invite or was knocked on: one that knows the room. */
  readonly server: string;
  /** Of the room. */
  readonly version: string;
}

/** Invites and knocks from afar. `membership.outOfBand`. */
export interface OutOfBandMemberships {
  /** Shows an invite to one of our users. A later membership in the same room takes its place. */
  importInvite(invite: OutOfBandMembership): Promise<RoomMembership>;
  importKnock(knock: OutOfBandMembership & { readonly server: string }): Promise<RoomMembership>;
  /** The user rejected or withdrew (remotely by `event`, or only here when no server answered), or was turned away. */
  importLeave(leave: { roomId: string; userId: string; event?: InspectedEvent }): Promise<void>;
  /** The user's invite or knock in a room this server is not in. */
  of(userId: string, roomId: string): Promise<OutOfBandMember | undefined>;
  strippedState(member: RoomMembership): Promise<StrippedState[]>;
}
