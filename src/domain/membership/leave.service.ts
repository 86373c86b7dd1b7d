import { UnknownError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { RoomState } from '../room-state';
import { NotInRoomError, type Timeline } from '../timeline';
import { reasonOf } from './join.service';
import type { Members } from './members.service';
import { MEMBER_EVENT } from './membership.model';
import type { RemoteRooms } from './membership.ports';
import type { OutOfBand } from './out-of-band.service';

const IN_ROOM: ReadonlySet<string> = new Set(['join', 'invite', 'knock']);

/** Leaving rooms and forgetting them. */
export class Leaving {
  private remote: RemoteRooms | undefined;

  constructor(
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly members: Members,
    private readonly outOfBand: Pick<OutOfBand, 'of' | 'forget'>,
  ) {}

  bind(remote: RemoteRooms): void {
    this.remote = remote;
  }

  /**
   * Leaves a room, rejects an invite or takes back a knock. Leaving again changes nothing.
   * Spec: client-server API, "Leaving rooms".
   * @throws ForbiddenError for rooms in which the user never was, and for the banned
   */
  async leave(requester: Requester, roomId: string, options: { readonly reason?: string } = {}): Promise<void> {
    const { userId: stateKey } = requester;
    const content = { ...reasonOf(options), membership: 'leave' };
    if (await this.leaveElsewhere(stateKey, roomId, content)) return;
    const member = await this.members.of(stateKey, roomId);
    if (member === undefined) throw new NotInRoomError();
    if (member.membership === 'leave') return;
    await this.timeline.send(requester, { roomId, type: MEMBER_EVENT, stateKey, content });
  }

  /** Takes a room the user has left out of their history. @throws UnknownError when the user is in the room */
  async forget(requester: Requester, roomId: string): Promise<void> {
    if (await this.outOfBand.forget(requester.userId, roomId)) return;
    const room = await this.rooms.info(roomId);
    const done = room !== undefined && (await this.members.forget(room, requester.userId));
    if (!done) throw new UnknownError('You can forget a room only after leaving it');
  }

  /** Leaves, rejects and takes back all that a user is in; goes on after a failure and rejects at the end. */
  async partAll(userId: string): Promise<void> {
    const failures: unknown[] = [];
    for (const { membership, roomId } of await this.members.allOf(userId)) {
      if (!IN_ROOM.has(membership)) continue;
      await this.part(userId, roomId).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, `could not leave ${failures.length} rooms`);
  }

  /** Leaves one room in a user's name, whoever asks. */
  async part(userId: string, roomId: string): Promise<void> {
    const content = { membership: 'leave' };
    if (await this.leaveElsewhere(userId, roomId, content)) return;
    const room = await this.rooms.info(roomId);
    if (room === undefined) return;
    await this.timeline.append(room, [{ type: MEMBER_EVENT, stateKey: userId, sender: userId, content }]);
  }

  /** Rejects an invite or takes back a knock in a room that this server is not in. False when there is none. */
  private async leaveElsewhere(userId: string, roomId: string, content: JsonObject): Promise<boolean> {
    const member = await this.outOfBand.of(userId, roomId);
    if (member === undefined || this.remote === undefined) return false;
    if (member.membership !== 'invite' && member.membership !== 'knock') return false;
    await this.remote.leave({ userId, roomId, via: [member.server], content });
    return true;
  }
}
