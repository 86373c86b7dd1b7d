import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import { formatClientEvent, type ClientEvent, type Pdu } from '#protocol/events/index';
import type { Relations } from '../relations';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { MAIN_THREAD } from './notifications.model';

/** An event made ready for push rules. */
export interface Subject {
  readonly event: StoredEvent;
  readonly form: ClientEvent;
  readonly thread: string;
}

export const PAGE = 500;
const KEPT_PAGES = 200;

/**
 * Reads what is to be judged. The members of a room that sync stand at the same place, so that a new event is read and
 * made ready once for all of them.
 */
export class RoomPages {
  private readonly kept = new LRUCache<string, Promise<readonly Subject[]>>(atMost(KEPT_PAGES));

  constructor(
    private readonly timeline: Pick<Timeline, 'range'>,
    private readonly relations: Pick<Relations, 'threadsOf'>,
  ) {}

  /** The events after ordinal `from`, {@link PAGE} at most, where `latest` is the room's newest. */
  page(room: RoomInfo, from: number, latest: number): Promise<readonly Subject[]> {
    const key = `${room.nid} ${from} ${latest}`;
    let page = this.kept.get(key);
    if (page === undefined) {
      page = this.read(room, from);
      this.kept.set(key, page);
      page.catch(() => this.kept.delete(key));
    }
    return page;
  }

  /** Told when events lost their places. */
  clear(): void {
    this.kept.clear();
  }

  private async read(room: RoomInfo, from: number): Promise<readonly Subject[]> {
    const events = await this.timeline.range(room, { from, direction: 'f', limit: PAGE });
    const threads = await this.relations.threadsOf(events);
    return events.map((event) => ({
      event,
      form: formatClientEvent({ pdu: event.pdu as Pdu, eventId: event.eventId, roomId: event.roomId }),
      thread: threads.get(event.nid) ?? MAIN_THREAD,
    }));
  }
}
