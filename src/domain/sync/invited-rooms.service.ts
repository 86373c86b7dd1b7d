import type { Membership } from '#domain/membership';
import { inTurns } from './in-turns.model';
import type { RoomTask } from './room-task.model';
import type { RoomsAnswer } from './sync.model';

/** Rooms that the user is invited to or has knocked on, with the stripped state that tells what they are. */
export class InvitedRooms {
  constructor(private readonly membership: Pick<Membership, 'strippedState' | 'isHiddenInvite'>) {}

  /** Invites, but those from users whom the reader ignores, and none while the reader blocks invites. */
  async invites(tasks: readonly RoomTask[]): Promise<NonNullable<RoomsAnswer['invite']>> {
    const hidden = await Promise.all(tasks.map(({ row }) => this.membership.isHiddenInvite(row)));
    const invites = await inTurns(
      tasks.filter((_, index) => !hidden[index]),
      async ({ row }) => [row.roomId, { invite_state: { events: await this.membership.strippedState(row) } }] as const,
    );
    return Object.fromEntries(invites);
  }

  /** Knocks that wait for an answer. */
  async knocks(tasks: readonly RoomTask[]): Promise<NonNullable<RoomsAnswer['knock']>> {
    const knocks = await inTurns(
      tasks,
      async ({ row }) => [row.roomId, { knock_state: { events: await this.membership.strippedState(row) } }] as const,
    );
    return Object.fromEntries(knocks);
  }
}
