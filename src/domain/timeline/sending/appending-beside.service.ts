import type { Pdu, SignedEvent } from '#protocol/events/index';
import type { RoomInfo } from '../../room-state';
import type { EventJudge } from '../placing/event-judge.service';
import type { EventMaker, Footing, MakerDraft } from './event-maker.service';
import type { EventPlacing } from '../placing/event-placing.service';
import type { EventPolicy } from '../ingest.ports';
import type { PartialStates } from '../store/partial-states.service';
import type { Placed } from '../placing/placing.model';
import { toHeadEvent, type HeadEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { StateResolver } from '../resolving/state-resolver.service';
import { NotInRoomError } from '../timeline.errors';
import type { StoredEvent, TransactionKey } from '../timeline.model';

export interface AppendingBesideParts {
  readonly serverName: string;
  readonly maker: EventMaker;
  readonly placing: EventPlacing;
  readonly judge: EventJudge;
  readonly resolver: StateResolver;
  readonly partial: PartialStates;
  readonly policy: () => EventPolicy | undefined;
  readonly heads: Pick<RoomHeads, 'inQueue'>;
}

type Made = SignedEvent | { readonly existing: HeadEvent };

/**
 * Sends events of local users that do not simply follow all there is, and places them like those from elsewhere, beside
 * what they do not follow. That is so where a policy server signs them: it is asked outside of the room's queue, since one
 * that is slow must not hold up the room. And it is so in rooms with more extremities than an event may name.
 * Spec: server-server, "Asking for a Policy Server signature on an event".
 */
export class AppendingBeside {
  constructor(private readonly parts: AppendingBesideParts) {}

  /** Which policy has to see some of the drafts. */
  async policyFor(room: RoomInfo, drafts: readonly MakerDraft[]): Promise<EventPolicy | undefined> {
    const policy = this.parts.policy();
    for (const draft of policy === undefined ? [] : drafts) if (await policy!.concerns(room, draft)) return policy;
    return undefined;
  }

  /** @throws MatrixError what the policy server said, or that it did not answer; ForbiddenError by the room's rules */
  async append(room: RoomInfo, draft: MakerDraft, transaction?: TransactionKey): Promise<StoredEvent> {
    const policy = await this.policyFor(room, [draft]);
    const placed = await (policy === undefined
      ? this.makeAndPlace(room, draft, transaction)
      : this.makeAskAndPlace(room, draft, policy, transaction));
    if ('existing' in placed) return placed.existing.stored!;
    const stored = await placed.written;
    if (placed.error !== undefined) throw placed.error;
    return stored!;
  }

  private makeAndPlace(
    room: RoomInfo,
    draft: MakerDraft,
    transaction: TransactionKey | undefined,
  ): Promise<Placed | { readonly existing: HeadEvent }> {
    return this.inQueue(room, async (head) => {
      const made = await this.make(head, draft);
      return 'existing' in made ? made : this.place(head, room, made, transaction);
    });
  }

  private async makeAskAndPlace(
    room: RoomInfo,
    draft: MakerDraft,
    policy: EventPolicy,
    transaction: TransactionKey | undefined,
  ): Promise<Placed | { readonly existing: HeadEvent }> {
    const made = await this.inQueue(room, (head) => this.make(head, draft));
    if ('existing' in made) return made;
    const vouched = await policy.vouch(room, made);
    return this.inQueue(room, (head) => this.place(head, room, vouched, transaction));
  }

  private inQueue<T>(room: RoomInfo, work: (head: RoomHead) => Promise<T>): Promise<T> {
    return this.parts.heads.inQueue(room, work, { ifNotOpen: () => new NotInRoomError() });
  }

  private async place(
    head: RoomHead,
    room: RoomInfo,
    event: SignedEvent,
    transaction: TransactionKey | undefined,
  ): Promise<Placed> {
    const partial = await this.parts.partial.isPartial(room);
    return this.parts.placing.place(head, event, { partial, ...(transaction !== undefined && { transaction }) });
  }

  /** Makes the event and leaves the head as it was. What it follows must be there when it is placed. */
  private async make(head: RoomHead, draft: MakerDraft): Promise<Made> {
    await head.settled();
    return this.parts.maker.sign(head, draft, head.isCrowded ? await this.footing(head, draft) : undefined);
  }

  /** Some of the extremities and the state that these make, so that others come to the same state after the event. */
  private async footing(head: RoomHead, { type, sender, content, stateKey }: MakerDraft): Promise<Footing> {
    const previous = head.followedBy(this.parts.serverName);
    const views = previous.map((one) => ({ snapshot: one.stored!.snapshotAfter, over: [] }));
    const before = await this.parts.resolver.together(head.room!, head.version, views);
    const subject = { type, sender, content, ...(stateKey !== undefined && { state_key: stateKey }) } as Pdu;
    const entries = await this.parts.judge.entriesFor(head.version, subject, before);
    return { previous, state: new Map([...entries].map(([key, event]) => [key, toHeadEvent(event)])) };
  }
}
