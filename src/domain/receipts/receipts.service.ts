import { ForbiddenError, InvalidParamError, NotFoundError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { AccountData } from '../account-data';
import type { Membership } from '../membership';
import type { Relations } from '../relations';
import type { StoredEvent, Timeline } from '../timeline';
import { RecentChanges } from '#platform/cache/recent-changes';
import { StreamCache } from '#platform/cache/stream-cache';
import type { Change, Positions, Storage } from '#platform/storage/storage';
import { FullyRead } from './fully-read.service';
import { readUpTo, receiptContents } from './receipt-content.model';
import type { MarkerType, ReadUpTo, Receipt, ReceiptContent, ReceiptNews, ReceiptType } from './receipts.model';
import { ReceiptsReader, ReceiptsWriter } from './receipts.repository';
import { RECEIPTS_STREAM } from './receipts.stream';

export interface ReceiptRequest {
  readonly roomId: string;
  readonly type: MarkerType;
  readonly eventId: string;
  /** A thread root, or `main`; absent for the whole room. */
  readonly threadId?: string;
}

/** A public receipt of another server's user. */
export interface RemoteReceipt {
  readonly roomId: string;
  readonly userId: string;
  readonly eventId: string;
  readonly threadId?: string;
  /** Epoch milliseconds, as the other server has it. */
  readonly ts: number;
}

/** A room's receipts in a first sync; more would be a flood in a large room, and clients need the recent ones. */
const MAX_INITIAL = 200;
const MAIN_THREAD = 'main';

/**
 * Read receipts, public and private, for rooms and threads, and the fully-read marker. A receipt only moves forward in the
 * room's order. Spec: client-server, "Receipts" and "Read and unread markers".
 */
export class Receipts {
  private readonly reader: ReceiptsReader;
  private readonly fullyRead: FullyRead;
  private readonly changes: RecentChanges<string>;
  /** By room number and user. */
  private readonly read = new StreamCache<string, ReadUpTo>(50_000);

  constructor(
    private readonly storage: Storage,
    private readonly deps: {
      readonly membership: Pick<Membership, 'of'>;
      readonly timeline: Pick<Timeline, 'event'>;
      readonly relations: Pick<Relations, 'threadOf'>;
      readonly accountData: Pick<AccountData, 'get' | 'setReserved'>;
      readonly now: Clock;
    },
  ) {
    this.reader = new ReceiptsReader(storage);
    this.fullyRead = new FullyRead(storage, deps.accountData, deps.timeline);
    this.changes = new RecentChanges(storage.visible(), 100_000);
    storage.subscribe(RECEIPTS_STREAM, (change) => this.heard(change));
  }

  /**
   * Marks a room, or a thread of it, as read up to an event. Nothing happens when it already is.
   * @throws ForbiddenError when the requester is not joined; NotFoundError for an event that is not in the room;
   * InvalidParamError for a thread that the event is not in
   */
  async set(requester: Requester, request: ReceiptRequest): Promise<void> {
    checkThread(request);
    const { roomNid } = await this.joined(requester, request.roomId);
    const event = await this.eventOf(request.roomId, request.eventId);
    if (request.type === 'm.fully_read') return this.fullyRead.set(requester.userId, event);
    await this.checkInThread(event, request.threadId);
    await this.advance(requester.userId, roomNid, event, request.type, request.threadId ?? null);
  }

  /**
   * Sets the fully-read marker and receipts in one request; checks all before it writes any.
   * @throws as {@link set}
   */
  async setMarkers(requester: Requester, roomId: string, markers: Partial<Record<MarkerType, string>>): Promise<void> {
    const { roomNid } = await this.joined(requester, roomId);
    const events: [MarkerType, StoredEvent][] = [];
    for (const type of ['m.fully_read', 'm.read', 'm.read.private'] as const) {
      const eventId = markers[type];
      if (eventId !== undefined) events.push([type, await this.eventOf(roomId, eventId)]);
    }
    for (const [type, event] of events) {
      if (type === 'm.fully_read') await this.fullyRead.set(requester.userId, event);
      else await this.advance(requester.userId, roomNid, event, type, null);
    }
  }

  /**
   * What another server says of its user, who was checked to be in the room. Receipts for events that are not here, or that
   * are for other threads than they say, are ignored.
   */
  async receive(receipt: RemoteReceipt): Promise<void> {
    const { roomId, userId, eventId, threadId, ts } = receipt;
    const event = await this.deps.timeline.event(eventId);
    if (event?.roomId !== roomId) return;
    const isInThread = threadId === undefined || threadId === eventId || (await this.threadOf(event)) === threadId;
    if (isInThread) await this.advance(userId, event.roomNid, event, 'm.read', threadId ?? null, ts);
  }

  /**
   * Public receipts of one server's users in a room, set at or after a time (epoch milliseconds), newest first. One
   * statement.
   */
  publicSince(roomNid: number, serverName: string, since: number, limit: number): Promise<Receipt[]> {
    return this.reader.publicSince(roomNid, serverName, since, limit);
  }

  /** Whether a room can have receipts that changed after `since`: no statement, and seldom yes without any. */
  mayHaveChanged(roomId: string, since: Positions): boolean {
    return this.changes.mayHaveChanged(roomId, since);
  }

  /** What moved in some rooms, as `m.receipt` contents by room number; rooms without news are absent. One statement. */
  async changedSince(
    rooms: readonly { readonly nid: number; readonly roomId: string }[],
    userId: string,
    since: Positions,
    until: Positions,
  ): Promise<Map<number, ReceiptContent>> {
    const asked = rooms.filter((room) => this.changes.mayHaveChanged(room.roomId, since)).map((room) => room.nid);
    if (asked.length === 0) return new Map();
    return receiptContents(await this.reader.changed(asked, userId, since, until));
  }

  /** The recent receipts of rooms and all of the user's own, as `m.receipt` contents by room number. */
  async initial(roomNids: readonly number[], userId: string): Promise<Map<number, ReceiptContent>> {
    if (roomNids.length === 0) return new Map();
    const [recent, own] = await Promise.all([
      this.reader.newest(roomNids, userId, MAX_INITIAL),
      this.reader.own(roomNids, userId),
    ]);
    return receiptContents([...recent, ...own]);
  }

  /** Up to where a user has read some rooms, by room number; every room asked for is there. At most one statement. */
  readUpTo(userId: string, roomNids: readonly number[]): Promise<Map<number, ReadUpTo>> {
    return this.loadRead(userId, roomNids);
  }

  private async loadRead(userId: string, roomNids: readonly number[]): Promise<Map<number, ReadUpTo>> {
    const keys = new Map(roomNids.map((nid) => [cacheKey(nid, userId), nid]));
    const found = await this.read.loadMany([...keys.keys()], async (missing) => {
      const own = await this.reader.own(
        missing.map((key) => keys.get(key)!),
        userId,
      );
      return new Map(missing.map((key) => [key, readUpTo(own.filter((receipt) => receipt.roomNid === keys.get(key)))]));
    });
    return new Map([...found].map(([key, read]) => [keys.get(key)!, read]));
  }

  private async advance(
    userId: string,
    roomNid: number,
    event: StoredEvent,
    type: ReceiptType,
    threadId: string | null,
    ts = this.deps.now(),
  ): Promise<void> {
    const { eventId, ordinal, roomId } = event;
    await this.storage.write(async (tx) => {
      const position = tx.position();
      const receipt: Receipt = { roomNid, userId, type, threadId, eventId, ordinal, ts, position };
      if (!(await new ReceiptsWriter(tx).advance(receipt))) return;
      tx.publish({ stream: RECEIPTS_STREAM, key: roomId, position, payload: { receipt } satisfies ReceiptNews });
    });
  }

  private async joined(requester: Requester, roomId: string): Promise<{ readonly roomNid: number }> {
    const member = await this.deps.membership.of(requester.userId, roomId);
    if (member?.membership !== 'join') throw new ForbiddenError('You are not in this room');
    return member;
  }

  /** An event of another room is answered like one that does not exist. */
  private async eventOf(roomId: string, eventId: string): Promise<StoredEvent> {
    const event = await this.deps.timeline.event(eventId);
    if (event?.roomId !== roomId) throw new NotFoundError('Event not found');
    return event;
  }

  /** A thread root belongs to its own thread and to the main timeline. */
  private async checkInThread(event: StoredEvent, threadId: string | undefined): Promise<void> {
    if (threadId === undefined || threadId === event.eventId) return;
    if ((await this.threadOf(event)) !== threadId) throw new InvalidParamError('The event is not in this thread');
  }

  private async threadOf(event: StoredEvent): Promise<string> {
    return (await this.deps.relations.threadOf(event)) ?? MAIN_THREAD;
  }

  private heard(change: Change): void {
    const { receipt } = change.payload as ReceiptNews;
    this.changes.note(change.key, change.position);
    this.read.drop(cacheKey(receipt.roomNid, receipt.userId));
  }
}

function checkThread({ type, threadId }: ReceiptRequest): void {
  if (threadId === undefined) return;
  if (type === 'm.fully_read') throw new InvalidParamError('thread_id does not go with m.fully_read');
  if (threadId === '') throw new InvalidParamError('thread_id must not be empty');
}

const cacheKey = (roomNid: number, userId: string): string => `${roomNid} ${userId}`;
