import type { AccountData } from '../account-data';
import type { StoredEvent, Timeline } from '../timeline';
import type { Storage } from '#platform/storage/storage';

const TYPE = 'm.fully_read';

/**
 * The fully-read marker of a user in a room, kept as room account data that clients cannot write themselves. It moves
 * forward only. Spec: client-server, "Fully read markers".
 */
export class FullyRead {
  constructor(
    private readonly storage: Pick<Storage, 'write'>,
    private readonly accountData: Pick<AccountData, 'get' | 'setReserved'>,
    private readonly timeline: Pick<Timeline, 'event'>,
  ) {}

  /** Moves the marker to an event, unless it stands there or further on. */
  async set(userId: string, event: StoredEvent): Promise<void> {
    const before = await this.accountData.get(userId, event.roomId, TYPE);
    const current = typeof before?.event_id === 'string' ? await this.timeline.event(before.event_id) : undefined;
    if (current !== undefined && current.roomId === event.roomId && current.ordinal >= event.ordinal) return;
    const content = { event_id: event.eventId };
    await this.storage.write((tx) => this.accountData.setReserved(tx, userId, event.roomId, TYPE, content));
  }
}
