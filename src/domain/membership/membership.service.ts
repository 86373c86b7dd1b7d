import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Positions, Storage } from '#platform/storage/storage';
import type { AccountData } from '../account-data';
import type { Accounts } from '../accounts';
import type { Profiles } from '../profiles';
import type { RoomInfo, RoomState, SnapshotId } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { Followups } from './followups.service';
import { Joining, type JoinOptions } from './join.service';
import { JoinedServers } from './joined-servers.service';
import { Leaving } from './leave.service';
import { MemberRows } from './member-rows.service';
import { MemberRules } from './member-rules.service';
import { Members } from './members.service';
import type { MemberCounts, MemberFilter, RoomMembership } from './membership.model';
import type { AliasResolver, RemoteRooms } from './membership.ports';
import { OutOfBand } from './out-of-band.service';
import { Moderation, type ChangeOptions, type InviteOptions, type MemberChange } from './moderate.service';
import { RestrictedJoins } from './restricted-joins.service';
import { InviteStates } from './invite-states.service';
import { ShownState } from './shown-state.service';
import type { StrippedState } from '#protocol/events/index';

export interface MembershipDependencies {
  readonly storage: Storage;
  readonly accounts: Accounts;
  readonly accountData: AccountData;
  readonly profiles: Profiles;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  /** Told of background work that failed. */
  readonly onError: (error: unknown) => void;
}

/** Who is in which room, and all the ways in and out. */
export class Membership {
  /** Carries new names and avatars into rooms; bind it to profiles. */
  readonly followups: Followups;
  /** Invites and knocks in rooms of other servers. */
  readonly outOfBand: OutOfBand;
  /** The other servers in rooms. */
  readonly servers: JoinedServers;
  /** What rooms show strangers. */
  readonly shownState: ShownState;
  private readonly restricted: RestrictedJoins;
  private readonly lists: Members;
  private readonly rules: MemberRules;
  private readonly joining: Joining;
  private readonly leaving: Leaving;
  private readonly moderation: Moderation;
  private readonly inviteStates: InviteStates;

  constructor({ storage, accounts, accountData, profiles, roomState, timeline, onError }: MembershipDependencies) {
    this.servers = new JoinedServers(storage, accounts.serverName, timeline.partialStates);
    this.outOfBand = new OutOfBand(storage, roomState, accounts.serverName);
    this.lists = new Members(storage, roomState, timeline, this.servers, this.outOfBand);
    this.rules = new MemberRules(accounts, accountData, timeline);
    this.restricted = new RestrictedJoins(roomState, timeline, this.lists);
    this.joining = new Joining(roomState, timeline, profiles, this.lists, this.rules, this.restricted);
    this.leaving = new Leaving(roomState, timeline, this.lists, this.outOfBand);
    this.moderation = new Moderation(timeline, this.lists, this.joining, this.rules, accounts, roomState);
    this.shownState = new ShownState(roomState, timeline);
    this.inviteStates = new InviteStates(this.shownState, this.rules, accountData, roomState);
    this.followups = new Followups(storage, roomState, timeline, accounts, this.lists, this.leaving, onError);
    timeline.addParticipant(this.outOfBand);
    timeline.addParticipant(new MemberRows(accounts.serverName, this.lists));
    timeline.addRule(this.rules);
  }

  /** Binds what stands below in the order of features. Called while composing, before the first request. */
  bind(ports: { readonly aliases?: AliasResolver; readonly remote?: RemoteRooms }): void {
    this.joining.bind(ports);
    if (ports.remote === undefined) return;
    this.leaving.bind(ports.remote);
    this.moderation.bind(ports.remote);
    this.rules.bind(ports.remote);
  }

  /** Joins a room by id or alias; its id. See {@link Joining.join}. */
  join(requester: Requester, roomIdOrAlias: string, options?: JoinOptions): Promise<string> {
    return this.joining.join(requester, roomIdOrAlias, options);
  }

  /** Knocks on a room; its id. */
  knock(requester: Requester, roomIdOrAlias: string, options?: JoinOptions): Promise<string> {
    return this.joining.knock(requester, roomIdOrAlias, options);
  }

  /** Leaves a room, rejects an invite or takes back a knock. */
  leave(requester: Requester, roomId: string, options?: ChangeOptions): Promise<void> {
    return this.leaving.leave(requester, roomId, options);
  }

  /** Takes a room that was left out of the user's history. */
  forget(requester: Requester, roomId: string): Promise<void> {
    return this.leaving.forget(requester, roomId);
  }

  /** The port of account-lifecycle: everything a closed account is in is left. */
  partAll(userId: string): Promise<void> {
    return this.leaving.partAll(userId);
  }

  invite(requester: Requester, roomId: string, userId: string, options?: InviteOptions): Promise<void> {
    return this.moderation.invite(requester, roomId, userId, options);
  }

  /** Sets a membership by its event's whole content; the event's id. See {@link Moderation.set}. */
  set(requester: Requester, change: MemberChange): Promise<string> {
    return this.moderation.set(requester, change);
  }

  /** Whether a user can be invited. @throws InviteBlockedError, ForbiddenError, InvalidParamError */
  checkInvite(inviter: string, userId: string): Promise<void> {
    return this.rules.checkInvite(inviter, userId);
  }

  /** @throws UserSuspendedError for users who may only read and leave */
  checkSuspension(userId: string): Promise<void> {
    return this.rules.checkSuspension(userId);
  }

  kick(requester: Requester, roomId: string, userId: string, options?: ChangeOptions): Promise<void> {
    return this.moderation.kick(requester, roomId, userId, options);
  }

  ban(requester: Requester, roomId: string, userId: string, options?: ChangeOptions): Promise<void> {
    return this.moderation.ban(requester, roomId, userId, options);
  }

  unban(requester: Requester, roomId: string, userId: string, options?: ChangeOptions): Promise<void> {
    return this.moderation.unban(requester, roomId, userId, options);
  }

  /** A user's membership in a room, forgotten ones too; undefined when there never was one. From memory, mostly. */
  of(userId: string, roomId: string): Promise<RoomMembership | undefined> {
    return this.lists.of(userId, roomId);
  }

  /** All memberships of a user that are not forgotten, left rooms and bans too. From memory, mostly. */
  allOf(userId: string): Promise<RoomMembership[]> {
    return this.lists.allOf(userId);
  }

  joinedRooms(userId: string): Promise<string[]> {
    return this.lists.joinedRooms(userId);
  }

  /** Memberships of a user that changed after `since` and up to `until`. From memory, mostly. */
  changedSince(userId: string, since: Positions, until: Positions): Promise<RoomMembership[]> {
    return this.lists.changedSince(userId, since, until);
  }

  /** Present memberships of a room, leavers and banned users too unless the filter says otherwise. One statement. */
  members(room: RoomInfo, filter?: Omit<MemberFilter, 'at'>): Promise<RoomMembership[]> {
    return this.lists.list(room, filter);
  }

  /** See {@link Members.page}. */
  memberPage(room: RoomInfo, membership: string | undefined, after: string, limit: number): Promise<RoomMembership[]> {
    return this.lists.page(room, membership, after, limit);
  }

  /** Member events of a room, now or in the state at a snapshot. Two statements. */
  memberEvents(room: RoomInfo, filter?: MemberFilter): Promise<StoredEvent[]> {
    return this.lists.events(room, filter);
  }

  joinedLocalUsers(room: Pick<RoomInfo, 'nid'>): Promise<ReadonlySet<string>> {
    return this.lists.joinedLocalUsers(room);
  }

  /** Up to five users who give a nameless room its name. */
  heroes(room: Pick<RoomInfo, 'nid'>, userId: string): Promise<string[]> {
    return this.lists.heroes(room, userId);
  }

  /** Display name and avatar of a local user, as member events carry them. */
  shownProfile(userId: string): Promise<JsonObject> {
    return this.joining.shownProfile(userId);
  }

  /** See {@link RestrictedJoins.authorise}. */
  authoriseJoin(room: RoomInfo, userId: string): Promise<JsonObject> {
    return this.restricted.authorise(room, userId);
  }

  counts(room: Pick<RoomInfo, 'nid'>): Promise<MemberCounts> {
    return this.lists.counts(room);
  }

  /** A user's member event in the state at a snapshot. */
  memberAt(userId: string, snapshot: SnapshotId): Promise<StoredEvent | undefined> {
    return this.lists.at(userId, snapshot);
  }

  shareRoom(userA: string, userB: string): Promise<boolean> {
    return this.lists.shareRoom(userA, userB);
  }

  /** Whether an invite must not be shown to its user: from somebody ignored, or while invites are blocked. */
  isHiddenInvite(invite: RoomMembership): Promise<boolean> {
    return this.inviteStates.isHidden(invite);
  }

  /** What an invited or knocking user is shown of the room. */
  strippedState(member: RoomMembership): Promise<StrippedState[]> {
    return member.outOfBand === true ? this.outOfBand.strippedState(member) : this.inviteStates.of(member);
  }
}
