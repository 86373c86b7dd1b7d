import type { RoomInfo } from '../../room-state';
import type { AppendingBeside } from './appending-beside.service';
import type { Committer } from '../writing/committer.service';
import type { EventMaker, MakerDraft } from './event-maker.service';
import type { HeadEvent, PreparedEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { Requests } from '../writing/requests.service';
import { NotInRoomError } from '../timeline.errors';
import type { StoredEvent, TransactionKey } from '../timeline.model';

/** Drafts as events, and the commit of those that are new. */
interface Made {
  readonly events: readonly HeadEvent[];
  readonly written: Promise<StoredEvent[]>;
}

/** Appends events of local users to rooms: after all there is, or beside it where they cannot simply follow. */
export class Appending {
  constructor(
    private readonly heads: RoomHeads,
    private readonly maker: EventMaker,
    private readonly committer: Committer,
    private readonly requests: Requests,
    private readonly beside: AppendingBeside,
  ) {}

  /** All or none, in one transaction; one after another where they go beside. @throws as {@link EventMaker.make} */
  async append(room: RoomInfo, drafts: readonly MakerDraft[], transaction?: TransactionKey): Promise<StoredEvent[]> {
    const policy = await this.beside.policyFor(room, drafts);
    if (policy !== undefined) return this.appendBeside(room, drafts, transaction);
    const prepare = async (head: RoomHead) => (head.isCrowded ? undefined : this.prepare(head, drafts, transaction));
    const made = await this.heads.inQueue(room, prepare, { ifNotOpen: () => new NotInRoomError() });
    if (made === undefined) return this.appendBeside(room, drafts, transaction);
    const stored = await made.written;
    // An event that repeats the state may itself be on its way.
    for (const event of made.events) await (event as Partial<PreparedEvent>).written;
    if (transaction !== undefined && stored[0] !== undefined) this.requests.answered(stored[0].nid, transaction);
    return made.events.map((event) => event.stored!);
  }

  /** One after another: what is refused ends there. */
  private async appendBeside(
    room: RoomInfo,
    drafts: readonly MakerDraft[],
    transaction: TransactionKey | undefined,
  ): Promise<StoredEvent[]> {
    const stored: StoredEvent[] = [];
    for (const draft of drafts) {
      const key = stored.length === 0 ? transaction : undefined;
      const event = await this.beside.append(room, draft, key);
      if (key !== undefined) this.requests.answered(event.nid, key);
      stored.push(event);
    }
    return stored;
  }

  /** Prepares drafts and hands the new events to the committer; when one is refused, the head is as before. */
  private async prepare(
    head: RoomHead,
    drafts: readonly MakerDraft[],
    transaction: TransactionKey | undefined,
  ): Promise<Made> {
    const fresh: PreparedEvent[] = [];
    const events: HeadEvent[] = [];
    try {
      for (const draft of drafts) {
        const made = await this.maker.make(head, draft);
        events.push('existing' in made ? made.existing : made);
        if (!('existing' in made)) fresh.push(made);
      }
    } catch (error) {
      head.retreat(fresh);
      throw error;
    }
    const written =
      fresh.length === 0 ? Promise.resolve([]) : this.committer.append({ head, events: fresh, transaction });
    return { events, written };
  }
}
