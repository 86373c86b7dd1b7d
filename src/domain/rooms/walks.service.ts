import type { CompiledFilter } from '#protocol/filters/index';
import type { EventViews } from '../event-views';
import type { RoomInfo } from '../room-state';
import type { Direction, StoredEvent, Timeline } from '../timeline';
import { passes } from './pages.model';

/** Events looked at for one page; what a filter or the room's history hides counts too. */
const MAX_SCANNED = 4_000;
const MIN_BATCH = 32;
/** A reader waits that long for history from other servers; later pages have it when it comes late. */
const BACKFILL_WAIT_MS = 8_000;

/** The events that a reader came to. */
export interface Walk {
  readonly events: readonly StoredEvent[];
  /** The place behind the last event that was looked at. */
  readonly place: number;
  readonly exhausted: boolean;
}

export interface WalkOptions {
  readonly userId: string;
  readonly room: RoomInfo;
  /** A place: see {@link printPlace}; undefined: the end that the direction comes from. */
  readonly from: number | undefined;
  readonly to?: number | undefined;
  readonly direction: Direction;
  readonly limit: number;
  readonly filter: CompiledFilter;
}

/** Walks through the one order of a room's events, past what a reader does not see. */
export class Walks {
  constructor(
    private readonly timeline: Timeline,
    private readonly views: EventViews,
  ) {}

  /** Goes through the order until enough events pass, the order ends, or too many were looked at. */
  async walk(options: WalkOptions): Promise<Walk> {
    const { userId, room, to, direction, limit, filter } = options;
    let mayFill = direction === 'b';
    const end = to === undefined ? undefined : direction === 'b' ? to : to + 1;
    const events: StoredEvent[] = [];
    let place = options.from;
    for (let scanned = 0; scanned < MAX_SCANNED;) {
      const size = Math.max(limit - events.length, MIN_BATCH);
      // Places lie behind events; ranges begin beside the event named.
      const from = place === undefined || direction === 'f' ? place : place + 1;
      const batch = await this.timeline.range(room, { from, to: end, direction, limit: size + 1 });
      // Where history ends or has a hole, other servers may know more: asked once a page, then the same is read again.
      if (mayFill && (await this.fill(room, from, batch, batch.length <= size))) {
        mayFill = false;
        continue;
      }
      const looked = batch.slice(0, size);
      scanned += looked.length;
      const visible = new Set(await this.views.visible(userId, room, looked));
      for (const event of looked) {
        if (events.length === limit) return { events, place: place!, exhausted: false };
        place = direction === 'b' ? event.ordinal - 1 : event.ordinal;
        if (visible.has(event) && passes(filter, event)) events.push(event);
      }
      if (batch.length <= size) {
        // An empty page ends it whatever may still come, or readers would never stop.
        const mayComeMore = events.length > 0 && (await this.mayComeMore(options, looked.at(-1)));
        return { events, place: place ?? 0, exhausted: !mayComeMore };
      }
    }
    return { events, place: place ?? 0, exhausted: false };
  }

  /** Has missing history fetched where a batch, read backwards, comes to a gap. True when there is more to read now. */
  private async fill(
    room: RoomInfo,
    from: number | undefined,
    batch: readonly StoredEvent[],
    isEnd: boolean,
  ): Promise<boolean> {
    const above = from === undefined ? [] : await this.edgeAbove(room, from, batch[0]);
    const places = [...above, ...batch];
    const edges = places.filter((event, index) => {
      const next = places[index + 1];
      return next === undefined ? isEnd && event.type !== 'm.room.create' : event.ordinal - next.ordinal > 1;
    });
    return edges.length > 0 && this.timeline.history.fillAbove(room, edges, BACKFILL_WAIT_MS);
  }

  /** The event that a batch goes on from, when there is a hole or nothing between them. */
  private async edgeAbove(room: RoomInfo, from: number, first: StoredEvent | undefined): Promise<StoredEvent[]> {
    if (first !== undefined && from - first.ordinal <= 1) return [];
    return this.timeline.range(room, { from: from - 1, direction: 'f', limit: 1 });
  }

  /** Whether older history may still come from elsewhere, behind the last event that there is. */
  private async mayComeMore({ room, to, direction }: WalkOptions, last: StoredEvent | undefined): Promise<boolean> {
    const isOpen = direction === 'b' && to === undefined && last?.type !== 'm.room.create';
    return isOpen && this.timeline.history.hasGaps(room);
  }
}
