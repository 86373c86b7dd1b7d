import { StreamCache } from '#platform/cache/stream-cache';
import { isAfter, type Positions, type Storage } from '#platform/storage/storage';
import { membershipOf, type Pdu } from '#protocol/events/index';
import type { RoomInfo, RoomState, SnapshotId } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { JoinedServers } from './joined-servers.service';
import type { OutOfBand } from './out-of-band.service';
import type { MemberCounts, MemberFilter, RoomMembership } from './membership.model';
import { MEMBER_EVENT } from './membership.model';
import { MembershipReader, MembershipWriter, type WrittenMembership } from './membership.repository';

const HEROES = 5;
const NEVER = 'never a member';
const NO_MEMBERS: MemberCounts = { joined: 0, invited: 0 };

/** Who is in which room: reads, through caches that every commit keeps true. */
export class Members {
  private readonly reader: MembershipReader;
  private readonly single = new StreamCache<string, RoomMembership | typeof NEVER>(100_000);
  private readonly byUser = new StreamCache<string, Map<number, RoomMembership>>(10_000);
  private readonly localUsers = new StreamCache<number, Set<string>>(10_000);
  private readonly counted = new StreamCache<number, MemberCounts>(50_000);

  constructor(
    private readonly storage: Storage,
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    readonly servers: JoinedServers,
    private readonly outOfBand: Pick<OutOfBand, 'of' | 'ofUser'>,
  ) {
    this.reader = new MembershipReader(storage);
  }

  /** A user's membership in a room, forgotten ones too; undefined when there never was one. */
  async of(userId: string, roomId: string): Promise<RoomMembership | undefined> {
    const [room, afar] = await Promise.all([this.rooms.info(roomId), this.outOfBand.of(userId, roomId)]);
    if (room === undefined || afar !== undefined) return afar;
    const listed = this.byUser.peek(userId)?.get(room.nid);
    if (listed !== undefined) return listed;
    const read = async () => (await this.reader.one(room.nid, userId)) ?? NEVER;
    const found = await this.single.load(singleKey(room.nid, userId), read);
    return found === NEVER ? undefined : found;
  }

  /** All memberships of a user that are not forgotten, left rooms and bans too. */
  async allOf(userId: string): Promise<RoomMembership[]> {
    const [members, afar] = await Promise.all([this.mapOf(userId), this.outOfBand.ofUser(userId)]);
    if (afar.size === 0) return [...members.values()];
    return [...[...members.values()].filter((member) => !afar.has(member.roomId)), ...afar.values()];
  }

  /** Ids of the rooms a user is joined to. */
  async joinedRooms(userId: string): Promise<string[]> {
    return (await this.allOf(userId)).filter(isJoined).map((member) => member.roomId);
  }

  /**
   * Memberships of a user that changed after `since` and up to `until`, as they are now: one that changed again after
   * `until` is left out, and comes with the next call.
   */
  async changedSince(userId: string, since: Positions, until: Positions): Promise<RoomMembership[]> {
    return (await this.allOf(userId)).filter(({ position }) => isAfter(position, since) && !isAfter(position, until));
  }

  /** Present memberships of a room. One statement. */
  list(room: RoomInfo, { membership, notMembership }: Omit<MemberFilter, 'at'> = {}): Promise<RoomMembership[]> {
    return this.reader.ofRoom(room.nid, { is: membership, not: notMembership });
  }

  /** A page of present memberships in order of user id, after the user named. One statement on the primary key. */
  page(room: RoomInfo, membership: string | undefined, after: string, limit: number): Promise<RoomMembership[]> {
    return this.reader.page(room.nid, { is: membership }, after, limit);
  }

  /** Member events of a room, in the order in which they became so. Two statements. */
  async events(room: RoomInfo, { membership, notMembership, at }: MemberFilter = {}): Promise<StoredEvent[]> {
    if (at === undefined) {
      return this.timeline.events(await this.reader.memberEvents(room.nid, { is: membership, not: notMembership }));
    }
    const events = await this.timeline.stateAllAt(at, { types: [MEMBER_EVENT] });
    return events.filter(({ pdu }) => {
      const state = membershipOf(pdu as Pdu);
      return (
        (membership === undefined || state === membership) && (notMembership === undefined || state !== notMembership)
      );
    });
  }

  /** The users of this server who are joined to a room: whom its news concerns. Do not change the set. */
  joinedLocalUsers(room: Pick<RoomInfo, 'nid'>): Promise<ReadonlySet<string>> {
    return this.localUsers.load(room.nid, async () => new Set(await this.reader.joinedLocalUsers(room.nid)));
  }

  /**
   * Up to five users who give a nameless room its name: joined and invited ones, or those who have left when there are none.
   * Spec: client-server API, "Calculating the display name for a room".
   */
  async heroes(room: Pick<RoomInfo, 'nid'>, userId: string): Promise<string[]> {
    const present = await this.reader.first(room.nid, ['join', 'invite'], userId, HEROES);
    return present.length > 0 ? present : this.reader.first(room.nid, ['leave', 'ban'], userId, HEROES);
  }

  counts(room: Pick<RoomInfo, 'nid'>): Promise<MemberCounts> {
    return this.counted.load(room.nid, async () => (await this.reader.counts(room.nid)) ?? NO_MEMBERS);
  }

  /** A user's member event in the state at a snapshot. */
  at(userId: string, snapshot: SnapshotId): Promise<StoredEvent | undefined> {
    return this.timeline.stateAt(snapshot, MEMBER_EVENT, userId);
  }

  /** Whether two users are joined to one room. */
  async shareRoom(userA: string, userB: string): Promise<boolean> {
    if (userA === userB) return true;
    const [a, b] = await Promise.all([this.mapOf(userA), this.mapOf(userB)]);
    const [few, many] = a.size < b.size ? [a, b] : [b, a];
    for (const member of few.values()) {
      const other = many.get(member.roomNid);
      if (isJoined(member) && other !== undefined && isJoined(other)) return true;
    }
    return false;
  }

  /** Forgets a room for a user. False when the user is in it or was never. */
  async forget(room: RoomInfo, userId: string): Promise<boolean> {
    return this.storage.write(async (tx) => {
      const done = await new MembershipWriter(tx).forget(room.nid, userId);
      tx.afterCommit(() => this.drop(room.nid, userId));
      return done;
    });
  }

  /** Told of every committed change, before anybody hears of it. */
  changed({ isLocal, ...written }: WrittenMembership): void {
    const { roomNid, userId, membership } = written;
    this.counted.drop(roomNid);
    const stays = membership !== 'leave' && membership !== 'ban';
    const listed = this.byUser.peek(userId);
    // Out of a room that is not listed: it may be a forgotten one, which stays away.
    if (!stays && listed?.has(roomNid) !== true) this.drop(roomNid, userId);
    else {
      this.single.drop(singleKey(roomNid, userId));
      if (listed === undefined) this.byUser.drop(userId);
      else listed.set(roomNid, { ...written, forgotten: false });
    }
    this.servers.changed(written);
    if (isLocal) this.changeLocal(roomNid, userId, membership === 'join');
  }

  private changeLocal(roomNid: number, userId: string, isIn: boolean): void {
    const users = this.localUsers.peek(roomNid);
    if (users === undefined) this.localUsers.drop(roomNid);
    else if (isIn) users.add(userId);
    else users.delete(userId);
  }

  private drop(roomNid: number, userId: string): void {
    this.single.drop(singleKey(roomNid, userId));
    this.byUser.drop(userId);
  }

  private mapOf(userId: string): Promise<ReadonlyMap<number, RoomMembership>> {
    return this.byUser.load(
      userId,
      async () => new Map((await this.reader.allOf(userId)).map((member) => [member.roomNid, member])),
    );
  }
}

const isJoined = (member: RoomMembership): boolean => member.membership === 'join';
const singleKey = (roomNid: number, userId: string): string => `${roomNid}/${userId}`;
