import type { ToDevice } from '#domain/to-device';
import type { Positions } from '#platform/storage/storage';
import type { PlainEvent, Reading } from './sync.model';

/** Messages of one answer, and how far the device's queue is delivered when more wait. */
export interface ToDeviceAnswer {
  readonly events: PlainEvent[];
  readonly upTo: Positions | undefined;
}

/** The device's queue: what the client confirms by its token is dropped, what comes after is sent, some at a time. */
export class ToDeviceSection {
  constructor(
    private readonly toDevice: Pick<ToDevice, 'messagesSince' | 'deleteUpTo'>,
    private readonly limit: number,
  ) {}

  /** Drops what the token confirms. */
  async confirm({ requester }: Pick<Reading, 'requester'>, upTo: Positions): Promise<void> {
    if (requester.deviceId !== null) await this.toDevice.deleteUpTo(requester.userId, requester.deviceId, upTo);
  }

  /**
   * @param since how far the queue was delivered; undefined in a first sync, which gets all that waits
   */
  async read({ requester, window }: Reading, since: Positions | undefined): Promise<ToDeviceAnswer> {
    const { userId, deviceId } = requester;
    if (deviceId === null) return { events: [], upTo: undefined };
    const messages = await this.toDevice.messagesSince(userId, deviceId, since, window.until, this.limit);
    const events = messages.map(({ sender, type, content }): PlainEvent => ({ sender, type, content }));
    if (messages.length < this.limit) return { events, upTo: undefined };
    // The rest waits for the next answer; messages come in the order of positions, writer by writer.
    const upTo = new Map(since);
    for (const { position } of messages) upTo.set(position.writer, position.pos);
    return { events, upTo };
  }
}
