import type { Notifications } from '#domain/notifications';
import type { RoomInfo } from '#domain/room-state';
import type { JoinedRoomAnswer, Reading, UnreadCounts } from './sync.model';

/** How much of a room is unread. Spec: client-server, "Receiving notifications", "Threading". */
export class UnreadSection {
  constructor(private readonly notifications: Pick<Notifications, 'counts' | 'prepare'>) {}

  /** Reads for many rooms together what their counts need, before they are asked for one by one. */
  prepare(reading: Reading, rooms: readonly RoomInfo[]): Promise<void> {
    return this.notifications.prepare(reading.requester.userId, rooms);
  }

  /** With thread counts asked for, `unread_notifications` speaks of the main timeline only; else of everything. */
  async read(
    reading: Reading,
    room: RoomInfo,
  ): Promise<Pick<JoinedRoomAnswer, 'unread_notifications' | 'unread_thread_notifications'>> {
    const { main, threads } = await this.notifications.counts(reading.requester.userId, room);
    if (!reading.filter.threadCounts) {
      const all = [main, ...threads.values()];
      return {
        unread_notifications: { highlight_count: sum(all, 'highlight'), notification_count: sum(all, 'notification') },
      };
    }
    const byThread: Record<string, UnreadCounts> = {};
    for (const [root, { highlight, notification }] of threads) {
      byThread[root] = { highlight_count: highlight, notification_count: notification };
    }
    return {
      unread_notifications: { highlight_count: main.highlight, notification_count: main.notification },
      ...(threads.size === 0 ? {} : { unread_thread_notifications: byThread }),
    };
  }
}

function sum<K extends string>(counts: readonly Record<K, number>[], key: K): number {
  return counts.reduce((total, count) => total + count[key], 0);
}
