import type { Position, Storage } from '#platform/storage/storage';
import type { RoomState } from '../../room-state';
import { currentEntries, depthAfter, isNews, newestOf, type Append, type MovedHead } from './append.model';
import { AppendWriter } from './append.repository';
import type { EventStore } from '../store/event-store.service';
import type { PreparedEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { RoomPlaces } from '../store/room-places.service';
import type { StoredEvent, TransactionKey } from '../timeline.model';
import type { AppendParticipant } from '../timeline.ports';
import { TIMELINE_STREAM } from '../timeline.stream';

interface Waiting {
  readonly append: Append;
  resolve(events: StoredEvent[]): void;
  reject(error: unknown): void;
}

/**
 * Writes prepared appends: everything that waits, of all rooms, goes into one transaction. An append is answered when it is
 * durable and visible to every reader of this process. When a transaction fails, each room gets one of its own, so that one
 * room's trouble is not another's; a room that fails then loses all that was prepared on its head, and the head is read
 * again.
 */
export class Committer {
  private readonly participants: AppendParticipant[] = [];
  private queue: Waiting[] = [];
  private running = false;
  private unseen: { readonly position: Position; readonly seen: () => void }[] = [];

  constructor(
    private readonly storage: Storage,
    private readonly rooms: RoomState,
    private readonly events: EventStore,
    private readonly heads: RoomHeads,
    private readonly places: RoomPlaces,
    private readonly now: () => number,
  ) {
    storage.subscribe(TIMELINE_STREAM, (change) => this.noteVisible(change.position));
  }

  /** Lets a feature write beside every append from now on. */
  addParticipant(participant: AppendParticipant): void {
    this.participants.push(participant);
  }

  /** Those who write beside every append. */
  everyParticipant(): readonly AppendParticipant[] {
    return this.participants;
  }

  /** Writes an append; resolves with its stored events. Appends of one room are written in the order of these calls. */
  append(append: Append): Promise<StoredEvent[]> {
    this.heads.began(append.head);
    const written = new Promise<StoredEvent[]>((resolve, reject) => {
      this.queue.push({ append, resolve, reject });
      if (this.running) return;
      this.running = true;
      // The requests that this turn of the event loop brings share the transaction.
      setImmediate(() => void this.drain());
    });
    for (const event of append.events) event.written = written;
    return written;
  }

  /** The same for one event. */
  async appendOne(head: RoomHead, event: PreparedEvent, transaction?: TransactionKey): Promise<StoredEvent> {
    const [stored] = await this.append({ head, events: [event], transaction });
    return stored!;
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      await this.commit(batch);
    }
    this.running = false;
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const sound = batch.filter((waiting) => !this.refuseFailed(waiting));
    if (sound.length === 0) return;
    try {
      await this.write(sound);
    } catch (error) {
      const heads = new Set(sound.map(({ append }) => append.head));
      const rooms = [...heads].map((head) => sound.filter(({ append }) => append.head === head));
      if (rooms.length === 1) this.fail(sound, error);
      else for (const room of rooms) await this.write(room).catch((reason: unknown) => this.fail(room, reason));
    }
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const appends = batch.map((waiting) => waiting.append);
    await this.storage.write(async (tx) => {
      for (const head of new Set(appends.map((append) => append.head))) await head.claim.assertHeld(tx);
      const moved = await new AppendWriter(tx, this.participants, this.now()).write(appends);
      tx.afterCommit(() => moved.forEach((room) => this.apply(room)));
    });
    for (const waiting of batch) this.acknowledge(waiting);
  }

  /** Makes what was committed known to the caches, before anybody is told of it. */
  private apply(moved: MovedHead): void {
    const { head, room, isNew, snapshot, written } = moved;
    if (isNew) this.rooms.roomCommitted(room);
    head.room = room;
    for (const { event, prepared, incoming } of written) {
      // A read of the outlier may be under way.
      if (incoming?.outlierNid !== undefined) this.events.redacted(event.nid);
      this.events.remember(event, prepared.json.length);
    }
    head.committedDepth = depthAfter(head, written);
    for (const { redactedNid } of written) if (redactedNid !== undefined) this.events.redacted(redactedNid);
    this.rooms.stateCommitted(currentEntries([moved]));
    const newest = newestOf(written);
    head.committed(
      written.map(({ prepared }) => prepared),
      snapshot,
    );
    if (newest === undefined) return;
    head.position = newest.position;
    head.committedOrdinal = newest.ordinal;
    for (const { event, prepared } of written.filter(isNews)) {
      const { ordinal, position, nid } = event;
      this.places.moved(room.nid, { ordinal, position, nid, snapshot: prepared.currentAfter ?? 0 });
    }
  }

  private acknowledge({ append, resolve }: Waiting): void {
    this.heads.ended(append.head);
    const events = append.events.map((event) => event.stored!);
    const { position } = events.at(-1)!;
    if (this.isVisible(position)) resolve(events);
    else this.unseen.push({ position, seen: () => resolve(events) });
  }

  /** Other transactions may hold back the positions before ours; a sender must not read a state without its event. */
  private isVisible(position: Position): boolean {
    return (this.storage.visible().get(position.writer) ?? 0) >= position.pos;
  }

  private noteVisible(position: Position): void {
    if (this.unseen.length === 0) return;
    const isSeen = (waiting: { position: Position }) =>
      waiting.position.writer === position.writer && waiting.position.pos <= position.pos;
    const seen = this.unseen.filter(isSeen);
    this.unseen = this.unseen.filter((waiting) => !isSeen(waiting));
    for (const waiting of seen) waiting.seen();
  }

  /** Appends that were prepared on a head whose commit failed refer to events that do not exist. */
  private refuseFailed(waiting: Waiting): boolean {
    const { failure } = waiting.append.head;
    if (failure === undefined) return false;
    this.fail([waiting], failure);
    return true;
  }

  private fail(batch: readonly Waiting[], error: unknown): void {
    const heads = new Set<RoomHead>(batch.map(({ append }) => append.head));
    for (const head of heads) this.heads.drop(head, error instanceof Error ? error : new Error(String(error)));
    for (const { append, reject } of batch) {
      this.heads.ended(append.head);
      reject(error);
    }
  }
}
