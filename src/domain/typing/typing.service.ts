import { LRUCache } from 'lru-cache';
import { ForbiddenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Membership } from '../membership';
import { TIMELINE_STREAM, type TimelineNews } from '../timeline';
import { atMost } from '#platform/cache/at-most';
import { isAfter, type Change, type Position, type Positions, type Storage } from '#platform/storage/storage';
import { TYPING_STREAM } from './typing.stream';

/** What a client that names no time means. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** Nobody types longer without saying so again. */
const MAX_TIMEOUT_MS = 120_000;

export interface TypingNotice {
  readonly roomId: string;
  /** Whose typing it is: only the requester's own may be set. */
  readonly userId: string;
  readonly typing: boolean;
  /** Milliseconds from now; at most two minutes. */
  readonly timeoutMs?: number;
}

/**
 * Who types where, in memory. Every beginning and end is announced on the stream, ends by time and by leaving included;
 * prolonging is not news. Spec: client-server, "Typing Notifications".
 */
export class Typing {
  /** Room id, then user id, to the timer that ends it. */
  private readonly rooms = new Map<string, Map<string, NodeJS.Timeout>>();
  private readonly lastChanges = new LRUCache<string, Position>(atMost(100_000));
  private readonly subscriptions: (() => void)[];

  constructor(
    private readonly storage: Pick<Storage, 'announce' | 'subscribe'>,
    private readonly membership: Pick<Membership, 'of'>,
  ) {
    this.subscriptions = [
      // First of all listeners: those that follow may ask at once.
      storage.subscribe(TYPING_STREAM, (change) => this.lastChanges.set(change.key, change.position)),
      storage.subscribe(TIMELINE_STREAM, (change) => this.endOfLeavers(change)),
    ];
  }

  /**
   * Says that the requester types or has stopped.
   * @throws ForbiddenError for somebody else's typing, and for rooms the requester has not joined
   */
  async set(requester: Requester, notice: TypingNotice): Promise<void> {
    const { roomId, userId } = notice;
    if (userId !== requester.userId) throw new ForbiddenError("Cannot set another user's typing state");
    const member = await this.membership.of(userId, roomId);
    if (member?.membership !== 'join') throw new ForbiddenError('You are not in this room');
    const timeoutMs = Math.min(notice.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
    if (notice.typing && timeoutMs > 0) this.begin(roomId, userId, timeoutMs);
    else this.end(roomId, userId);
  }

  /** What another server says of its user, who was checked to be in the room. Ends by itself like any other. */
  receive(roomId: string, userId: string, typing: boolean): void {
    if (typing) this.begin(roomId, userId, DEFAULT_TIMEOUT_MS);
    else this.end(roomId, userId);
  }

  /** The users who type in a room now, in the order in which they began. */
  current(roomId: string): string[] {
    return [...(this.rooms.get(roomId)?.keys() ?? [])];
  }

  /** Whether a room's typing users changed after `since`. */
  changedSince(roomId: string, since: Positions): boolean {
    const last = this.lastChanges.get(roomId);
    return last !== undefined && isAfter(last, since);
  }

  /** Ends everybody's typing, announced, so that clients that come back after a restart are not misled. */
  stop(): void {
    for (const [roomId, users] of [...this.rooms]) for (const userId of [...users.keys()]) this.end(roomId, userId);
    for (const unsubscribe of this.subscriptions) unsubscribe();
  }

  private begin(roomId: string, userId: string, timeoutMs: number): void {
    const users = this.rooms.get(roomId) ?? new Map<string, NodeJS.Timeout>();
    this.rooms.set(roomId, users);
    const before = users.get(userId);
    clearTimeout(before);
    users.set(userId, setTimeout(() => this.end(roomId, userId), timeoutMs).unref());
    if (before === undefined) this.announce(roomId);
  }

  private end(roomId: string, userId: string): void {
    const users = this.rooms.get(roomId);
    const timer = users?.get(userId);
    if (users === undefined || timer === undefined) return;
    clearTimeout(timer);
    users.delete(userId);
    if (users.size === 0) this.rooms.delete(roomId);
    this.announce(roomId);
  }

  private announce(roomId: string): void {
    this.storage.announce({ stream: TYPING_STREAM, key: roomId });
  }

  private endOfLeavers(change: Change): void {
    const { event } = change.payload as TimelineNews;
    if (event.type !== 'm.room.member' || event.stateKey === null || !this.rooms.has(event.roomId)) return;
    const content = event.pdu.content as { membership?: unknown };
    if (content.membership !== 'join') this.end(event.roomId, event.stateKey);
  }
}
