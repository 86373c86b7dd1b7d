import { ForbiddenError, InvalidParamError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { ClientEvent } from '#protocol/events/index';
import type { EventViews } from '../event-views';
import type { RoomInfo } from '../room-state';
import type { Timeline } from '../timeline';
import type { RoomAccess } from './room-access.service';

/** Events read at once; a slow follower is never more than this ahead of what it has taken. */
const BATCH = 50;

/** Follows the timeline of one room: what is there after an event, then what comes. */
export class Following {
  constructor(
    private readonly timeline: Timeline,
    private readonly views: EventViews,
    private readonly access: RoomAccess,
  ) {}

  /**
   * The events of a room after `afterEventId` (default: from now on), each once and in the room's order. Rows are read when
   * the consumer asks, so nothing piles up. Ends when `signal` aborts, and as soon as the follower is not joined any more:
   * membership is checked again for every batch.
   * @throws ForbiddenError when not joined, InvalidParamError for an event that is not of this room
   */
  async *follow(
    requester: Requester,
    roomId: string,
    afterEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ClientEvent, void, undefined> {
    const room = await this.access.joined(requester, roomId);
    let place = await this.startOf(room, afterEventId);
    const bell = new Bell(signal);
    const unwatch = this.timeline.watch(roomId, () => bell.ring());
    try {
      while (!signal.aborted) {
        const events = await this.timeline.range(room, { from: place, direction: 'f', limit: BATCH });
        const isJoined = await this.isJoined(requester, roomId);
        if (!isJoined) return;
        if (events.length === 0) await bell.wait();
        else place = events.at(-1)!.ordinal;
        yield* await this.views.forUser(requester.userId, room, events, { bundled: true });
      }
    } finally {
      unwatch();
    }
  }

  private async startOf(room: RoomInfo, afterEventId: string | undefined): Promise<number> {
    if (afterEventId === undefined) return this.timeline.latestOrdinal(room);
    const event = await this.timeline.event(afterEventId);
    if (event === undefined || event.roomNid !== room.nid)
      throw new InvalidParamError('after: not an event of this room');
    return event.ordinal;
  }

  private async isJoined(requester: Requester, roomId: string): Promise<boolean> {
    return this.access.joined(requester, roomId).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ForbiddenError) return false;
        throw error;
      },
    );
  }
}

/** Remembers rings that nobody waited for, so that none is lost between a read and the wait. */
class Bell {
  private rung = false;
  private wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring(), { once: true });
  }

  ring(): void {
    this.rung = true;
    this.wake();
  }

  async wait(): Promise<void> {
    if (!this.rung) await new Promise<void>((resolve) => (this.wake = resolve));
    this.rung = false;
  }
}
