import { formatClientEvent, type Pdu } from '#protocol/events/index';
import type { Membership, RoomMembership } from '#domain/membership';
import { inTurns } from './in-turns.model';
import type { LeftRoomAnswer, RoomsAnswer } from './sync.model';

/** Rooms that the user is invited to or has knocked on, with the stripped state that tells what they are. */
export class InvitedRooms {
  constructor(private readonly membership: Pick<Membership, 'strippedState' | 'isHiddenInvite' | 'outOfBand'>) {}

  /** Invites, but those from users whom the reader ignores, and none while the reader blocks invites. */
  async invites(rows: readonly RoomMembership[]): Promise<NonNullable<RoomsAnswer['invite']>> {
    const hidden = await Promise.all(rows.map((row) => this.membership.isHiddenInvite(row)));
    const invites = await inTurns(
      rows.filter((_, index) => !hidden[index]),
      async (row) => [row.roomId, { invite_state: { events: await this.membership.strippedState(row) } }] as const,
    );
    return Object.fromEntries(invites);
  }

  /** Knocks that wait for an answer. */
  async knocks(rows: readonly RoomMembership[]): Promise<NonNullable<RoomsAnswer['knock']>> {
    const knocks = await inTurns(
      rows,
      async (row) => [row.roomId, { knock_state: { events: await this.membership.strippedState(row) } }] as const,
    );
    return Object.fromEntries(knocks);
  }

  /** Invites and knocks from afar that ended: nothing was ever seen of these rooms but the end. */
  async ended(rows: readonly RoomMembership[]): Promise<NonNullable<RoomsAnswer['leave']>> {
    const left = await inTurns(rows, async (row) => [row.roomId, await this.end(row)] as const);
    return Object.fromEntries(left);
  }

  private async end(row: RoomMembership): Promise<LeftRoomAnswer> {
    const pdu = (await this.membership.outOfBand.event(row)) as Pdu | undefined;
    const event = pdu && formatClientEvent({ pdu, eventId: row.eventId, roomId: row.roomId }, { withoutRoomId: true });
    return { timeline: { events: event === undefined ? [] : [event], limited: false }, state: { events: [] } };
  }
}
