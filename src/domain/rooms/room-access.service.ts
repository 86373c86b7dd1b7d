import { ForbiddenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Pdu } from '#protocol/events/index';
import { historyVisibilityOf } from '#protocol/visibility';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import { NotInRoomError, type Timeline } from '../timeline';

/** How far a user may look into a room. Single events are judged apart, by event-views. */
export interface RoomReach {
  readonly room: RoomInfo;
  /** The last event that the user may know of, for those who are out of the room; undefined: all there will be. */
  readonly until: number | undefined;
  /** Whether the user is joined. */
  readonly joined: boolean;
}

/** Decides who may read a room at all: its members, former members up to their leave, anybody when it is world-readable. */
export class RoomAccess {
  constructor(
    private readonly rooms: RoomState,
    private readonly timeline: Timeline,
    private readonly membership: Membership,
  ) {}

  /** @throws ForbiddenError, with the same words for rooms that do not exist */
  async reach(requester: Requester, roomId: string): Promise<RoomReach> {
    const room = await this.rooms.info(roomId);
    if (room === undefined) throw new NotInRoomError();
    const member = await this.membership.of(requester.userId, roomId);
    if (member?.membership === 'join') return { room, until: undefined, joined: true };
    if (await this.isWorldReadable(room)) return { room, until: undefined, joined: false };
    const wasIn = member?.membership === 'leave' || member?.membership === 'ban';
    if (!wasIn || member.forgotten || !(await this.wasJoined(member.eventNid))) throw new NotInRoomError();
    return { room, until: member.ordinal, joined: false };
  }

  /** Whether {@link reach} lets the user in. */
  async mayReach(requester: Requester, roomId: string): Promise<boolean> {
    return this.reach(requester, roomId).then(() => true, refusedAs(false));
  }

  /** A room for its joined members only. @throws ForbiddenError */
  async joined(requester: Requester, roomId: string): Promise<RoomInfo> {
    const room = await this.rooms.info(roomId);
    const member = await this.membership.of(requester.userId, roomId);
    if (room === undefined || member?.membership !== 'join') throw new NotInRoomError();
    return room;
  }

  private async isWorldReadable(room: RoomInfo): Promise<boolean> {
    const event = await this.timeline.currentState(room, 'm.room.history_visibility', '');
    return event !== undefined && historyVisibilityOf(event.pdu as Pdu) === 'world_readable';
  }

  /** Whether a leave or ban ended a join; who only declined an invite or was banned before has nothing to read. */
  private async wasJoined(eventNid: number): Promise<boolean> {
    let [event] = await this.timeline.events([eventNid]);
    for (let steps = 0; event !== undefined && steps < 16; steps++) {
      const { membership } = (event.pdu as Pdu).content;
      if (membership === 'join') return true;
      if (event.replacesNid === null) return false;
      [event] = await this.timeline.events([event.replacesNid]);
    }
    return false;
  }
}

/** Gives `value` for a refusal; anything else that went wrong goes on being wrong. */
function refusedAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof ForbiddenError) return value;
    throw error;
  };
}

/** What is refused to those who may not see a state. */
export function refuseState(): never {
  throw new ForbiddenError('You may not see the room at this point');
}
