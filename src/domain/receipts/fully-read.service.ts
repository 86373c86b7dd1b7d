import type { AccountData } from '#domain/account-data';
import type { StoredEvent, Timeline } from '#domain/timeline';

/**
 * The fully-read marker of a user in a room, kept as room account data that clients cannot write themselves. It moves
 * forward only. Spec: client-server, "Fully read markers".
 */
export class FullyRead {
  constructor(
    private readonly accountData: Pick<AccountData, 'getRoom' | 'setReserved'>,
    private readonly timeline: Pick<Timeline, 'event'>,
  ) {}

  /** Moves the marker to an event, unless it stands there or further on. */
  async set(userId: string, event: StoredEvent): Promise<void> {
    const before = await this.accountData.getRoom(userId, event.roomId, 'm.fully_read');
    const current = typeof before?.event_id === 'string' ? await this.timeline.event(before.event_id) : undefined;
    if (current !== undefined && current.roomId === event.roomId && current.ordinal >= event.ordinal) return;
    await this.accountData.setReserved(userId, 'm.fully_read', { event_id: event.eventId }, event.roomId);
  }
}
