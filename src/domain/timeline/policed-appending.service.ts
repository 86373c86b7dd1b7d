import type { SignedEvent } from '#protocol/events/index';
import type { RoomInfo } from '../room-state';
import type { EventMaker, MakerDraft } from './event-maker.service';
import type { EventPlacing } from './event-placing.service';
import type { EventPolicy } from './ingest.ports';
import type { PartialStates } from './partial-states.service';
import type { HeadEvent, RoomHead } from './room-head.model';
import type { StoredEvent, TransactionKey } from './timeline.model';

export interface PolicedAppendingParts {
  readonly maker: EventMaker;
  readonly placing: EventPlacing;
  readonly partial: PartialStates;
  readonly inQueue: <T>(room: RoomInfo, work: (head: RoomHead) => Promise<T>) => Promise<T>;
}

/**
 * Sends events of local users in rooms with a policy server. The event is made in the room's queue, shown to that server
 * outside of it, since a server that is slow must not hold up the room, and then placed like one from elsewhere: what came
 * meanwhile stands beside it. Spec: server-server, "Asking for a Policy Server signature on an event".
 */
export class PolicedAppending {
  constructor(private readonly parts: PolicedAppendingParts) {}

  /** @throws MatrixError what the policy server said, or that it did not answer; ForbiddenError by the room's rules */
  async append(
    room: RoomInfo,
    draft: MakerDraft,
    policy: EventPolicy,
    transaction: TransactionKey | undefined,
  ): Promise<StoredEvent> {
    const made = await this.parts.inQueue(room, (head) => this.make(head, room, draft));
    if ('existing' in made) return made.existing.stored!;
    const vouched = await policy.vouch(room, made);
    const partial = await this.parts.partial.isPartial(room);
    const placed = await this.parts.inQueue(room, (head) =>
      this.parts.placing.place(head, vouched, { partial, ...(transaction !== undefined && { transaction }) }),
    );
    const stored = await placed.written;
    if (placed.error !== undefined) throw placed.error;
    return stored!;
  }

  /** Makes the event and leaves the head as it was. What it follows must be there when it comes back. */
  private async make(
    head: RoomHead,
    { roomId }: RoomInfo,
    draft: MakerDraft,
  ): Promise<SignedEvent | { readonly existing: HeadEvent }> {
    await head.settled();
    const made = await this.parts.maker.make(head, draft);
    if ('existing' in made) return made;
    const { pdu, eventId, json } = made;
    head.retreat([made]);
    return { pdu, eventId, json, roomId };
  }
}
