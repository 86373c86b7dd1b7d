import { redactEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { RoomInfo, RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import { MEMBER_EVENT } from './membership.model';

/** What strangers to a room are shown of it, first things first. Spec: client-server API, "Stripped state". */
const SHOWN = [
  'm.room.create',
  'm.room.join_rules',
  'm.room.name',
  'm.room.canonical_alias',
  'm.room.avatar',
  'm.room.topic',
  'm.room.encryption',
];
/** Bytes that other servers are sent; what does not fit is left out, the create event never. SECURITY: row 29. */
const BUDGET = 256 * 1024;

/** The events by which users who are invited or knock, and their servers, know what a room is. */
export class ShownState {
  constructor(
    private readonly rooms: Pick<RoomState, 'current' | 'currentOfRooms'>,
    private readonly timeline: Pick<Timeline, 'events'>,
  ) {}

  /** The room's shown state, then the member events of some users, then further events by number. */
  async of(room: RoomInfo, users: readonly string[], further: readonly number[] = []): Promise<Pdu[]> {
    const entries = await this.rooms.currentOfRooms([room.nid], SHOWN);
    const shown = entries
      .filter(({ stateKey }) => stateKey === '')
      .sort((a, b) => SHOWN.indexOf(a.type) - SHOWN.indexOf(b.type));
    const members = await Promise.all(users.map((userId) => this.rooms.current(room, MEMBER_EVENT, userId)));
    const nids = [...shown.map((entry) => entry.eventNid), ...members.filter((nid) => nid !== undefined), ...further];
    const version = roomVersion(room.version);
    return (await this.timeline.events(nids)).map(({ pdu, redactedByNid }) =>
      redactedByNid === null ? (pdu as Pdu) : redactEvent(version, pdu as Pdu),
    );
  }

  /** The same for another server, which gets no more than it can be asked to take. Spec: server-server, `PUT invite`. */
  async forServer(room: RoomInfo, users: readonly string[]): Promise<Pdu[]> {
    let left = BUDGET;
    return (await this.of(room, users)).filter((pdu) => (left -= JSON.stringify(pdu).length) >= 0);
  }
}
