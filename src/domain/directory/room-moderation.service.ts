import type { Requester } from '#kernel/requester';
import { powerLevels } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { Membership } from '../membership';
import type { RoomInfo } from '../room-state';
import type { Timeline } from '../timeline';

/** Who may change how a room is found: those who may set its canonical alias, and administrators of the server. */
export class RoomModeration {
  constructor(
    private readonly timeline: Pick<Timeline, 'currentState'>,
    private readonly membership: Pick<Membership, 'of'>,
  ) {}

  /** Whether the requester may manage a room's aliases and its listing. */
  async mayManage(requester: Requester, room: RoomInfo): Promise<boolean> {
    if (requester.isAdmin) return true;
    const member = await this.membership.of(requester.userId, room.roomId);
    if (member?.membership !== 'join') return false;
    const [create, levels] = await Promise.all([
      this.timeline.currentState(room, 'm.room.create', ''),
      this.timeline.currentState(room, 'm.room.power_levels', ''),
    ]);
    if (create === undefined) return false;
    const power = powerLevels(roomVersion(room.version), create.pdu as Pdu, levels?.pdu as Pdu | undefined);
    return power.userLevel(requester.userId) >= power.requiredForEvent('m.room.canonical_alias', true);
  }
}
