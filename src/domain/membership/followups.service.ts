import type { JsonObject } from '#kernel/json';
import type { Change, Storage } from '#platform/storage/storage';
import type { Accounts } from '../accounts';
import type { Profile, ProfileChangePropagator } from '../profiles';
import type { RoomInfo, RoomState } from '../room-state';
import { TIMELINE_STREAM, type Timeline, type TimelineNews } from '../timeline';
import type { Leaving } from './leave.service';
import { allowsGuests } from './member-rules.service';
import type { Members } from './members.service';
import { MEMBER_EVENT } from './membership.model';

type ShownProfile = Pick<Profile, 'displayname' | 'avatar_url'>;

/** Rooms changed at once by one user's new name. */
const AT_ONCE = 8;

/**
 * Membership changes that follow from something else: a new name or avatar goes into the user's rooms, guests leave rooms
 * that no longer want them. Goes on in the background; {@link idle} waits for it.
 */
export class Followups implements ProfileChangePropagator {
  private readonly running = new Set<Promise<void>>();
  /** The newest profile of each user whose rooms are being changed. */
  private readonly profiles = new Map<string, ShownProfile>();

  constructor(
    storage: Storage,
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly accounts: Accounts,
    private readonly members: Members,
    private readonly leaving: Leaving,
    private readonly onError: (error: unknown) => void,
  ) {
    storage.subscribe(TIMELINE_STREAM, (change) => this.heard(change));
  }

  /** Spec: client-server API, "Events on Change of Profile Information". */
  async profileChanged(userId: string, profile: ShownProfile): Promise<void> {
    const isRunning = this.profiles.has(userId);
    this.profiles.set(userId, profile);
    if (!isRunning) this.start(this.propagate(userId));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private start(work: Promise<void>): void {
    const task = work.catch(this.onError).finally(() => this.running.delete(task));
    this.running.add(task);
  }

  /** Changes all rooms, again when the profile changed meanwhile. */
  private async propagate(userId: string): Promise<void> {
    for (;;) {
      const profile = this.profiles.get(userId)!;
      const roomIds = await this.members.joinedRooms(userId);
      for (let i = 0; i < roomIds.length; i += AT_ONCE) {
        const some = roomIds.slice(i, i + AT_ONCE);
        await Promise.all(some.map((roomId) => this.showProfile(userId, roomId, profile).catch(this.onError)));
      }
      if (this.profiles.get(userId) !== profile) continue;
      this.profiles.delete(userId);
      return;
    }
  }

  private async showProfile(userId: string, roomId: string, profile: ShownProfile): Promise<void> {
    const room = await this.rooms.info(roomId);
    const member = room && (await this.timeline.currentState(room, MEMBER_EVENT, userId));
    if (room === undefined || member === undefined) return;
    const { displayname: _name, avatar_url: _avatar, reason: _reason, ...rest } = member.pdu.content as JsonObject;
    if (rest.membership !== 'join') return;
    const { displayname, avatar_url } = profile;
    const content = {
      ...rest,
      ...(displayname === undefined ? {} : { displayname }),
      ...(avatar_url === undefined ? {} : { avatar_url }),
    };
    await this.timeline.append(room, [{ type: MEMBER_EVENT, stateKey: userId, sender: userId, content }]);
  }

  private heard({ payload }: Change): void {
    const { event } = payload as TimelineNews;
    if (event.type !== 'm.room.guest_access' || event.stateKey !== '' || allowsGuests(event.pdu)) return;
    // Nothing is withdrawn where nothing was granted: rooms without the event are closed to guests.
    if (event.replacesNid === null) return;
    this.start(this.sendGuestsAway({ nid: event.roomNid, roomId: event.roomId }));
  }

  /** Spec: client-server API, "Guest Access": when access is withdrawn, guests leave. */
  private async sendGuestsAway(room: Pick<RoomInfo, 'nid' | 'roomId'>): Promise<void> {
    for (const userId of [...(await this.members.joinedLocalUsers(room))]) {
      const account = await this.accounts.get(userId);
      if (account?.isGuest === true) await this.leaving.part(userId, room.roomId).catch(this.onError);
    }
  }
}
