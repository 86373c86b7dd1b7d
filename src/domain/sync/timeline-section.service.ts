import type { JsonObject } from '#kernel/json';
import type { EventViews } from '#domain/event-views';
import type { RoomInfo } from '#domain/room-state';
import type { StoredEvent, Timeline } from '#domain/timeline';
import type { Reading } from './sync.model';

/** Statements spent on looking for events that pass a narrow filter, in one room and one answer. */
const MAX_PAGES = 6;
const MAX_PAGE = 200;

/** A part of a room's one order: after `after`, up to `upTo`, both ordinals. */
export interface Stretch {
  readonly room: RoomInfo;
  /** Undefined: from the room's beginning. */
  readonly after: number | undefined;
  readonly upTo: number;
}

/** What of a stretch is shown, and what was read to find it. */
export interface Slice {
  readonly stretch: Stretch;
  /** Oldest first. */
  readonly shown: readonly StoredEvent[];
  /** Everything that was read, shown or not, oldest first; ends at the stretch's end. */
  readonly scanned: readonly StoredEvent[];
  /** True when `scanned` is the whole stretch. */
  readonly complete: boolean;
  /** True when the stretch has earlier events that would pass. */
  readonly limited: boolean;
  /** Ordinal of the first event shown, or one more than the stretch's last. */
  readonly start: number;
}

/** Reads the newest events of a room that the reader may see and wants. */
export class TimelineSection {
  constructor(
    private readonly timeline: Pick<Timeline, 'range'>,
    private readonly views: Pick<EventViews, 'visible'>,
  ) {}

  /**
   * The newest events of a stretch, at most as many as the filter wants. A filter that hides most events makes it read
   * on, page by page, up to a bound; then the answer is limited and the client can page on from there.
   */
  async read(reading: Reading, stretch: Stretch): Promise<Slice> {
    const { timelineLimit: limit, timeline: filter } = reading.filter;
    const wanted = filter.allowsRoom(stretch.room.roomId);
    const scan = new Scan(stretch, limit);
    for (let page = 0; page < MAX_PAGES && !scan.done && wanted; page++) {
      const size = filter.passesAll ? scan.missing : Math.min(scan.missing * 2 ** (page + 1), MAX_PAGE);
      const batch = await this.timeline.range(stretch.room, { ...scan.next, direction: 'b', limit: size });
      const passing = filter.passesAll ? batch : batch.filter((event) => filter.matches(subjectOf(event)));
      scan.add(batch, size, passing, await this.views.visible(reading.requester.userId, stretch.room, passing));
    }
    return scan.slice(wanted);
  }
}

class Scan {
  /** All newest first. */
  private readonly scanned: StoredEvent[] = [];
  private readonly shown: StoredEvent[] = [];
  private complete: boolean;
  private cut = false;

  constructor(
    private readonly stretch: Stretch,
    private readonly limit: number,
  ) {
    this.complete = stretch.upTo <= (stretch.after ?? -Infinity);
  }

  /** One event more than is shown tells whether there are more. */
  get missing(): number {
    return this.limit + 1 - this.shown.length;
  }

  get done(): boolean {
    return this.complete || this.cut || this.missing <= 0;
  }

  get next(): { from: number; to: number | undefined } {
    // History that was fetched from other servers lies below 1: it is for pages alone.
    return { from: this.scanned.at(-1)?.ordinal ?? this.stretch.upTo + 1, to: this.stretch.after ?? 0 };
  }

  /**
   * A state event that the reader may not see ends the slice: what is shown before it would be replayed over the state that
   * it made. Pages of `/messages` go on beyond it.
   */
  add(
    batch: readonly StoredEvent[],
    asked: number,
    passing: readonly StoredEvent[],
    visible: readonly StoredEvent[],
  ): void {
    const seen = new Set(visible);
    const hidden = passing.find((event) => event.stateKey !== null && !seen.has(event));
    const isAfterHidden = (event: StoredEvent): boolean => hidden === undefined || event.ordinal > hidden.ordinal;
    this.cut = hidden !== undefined;
    this.scanned.push(...batch.filter(isAfterHidden));
    this.shown.push(...visible.filter(isAfterHidden));
    this.complete = !this.cut && batch.length < asked;
  }

  slice(wanted: boolean): Slice {
    const shown = this.shown.slice(0, this.limit).reverse();
    return {
      stretch: this.stretch,
      shown,
      scanned: this.scanned.reverse(),
      complete: this.complete,
      limited: wanted && (this.missing <= 0 || !this.complete),
      start: shown[0]?.ordinal ?? this.stretch.upTo + 1,
    };
  }
}

export function subjectOf(event: StoredEvent): { type: string; sender: string; content: JsonObject } {
  return { type: event.type, sender: event.sender, content: event.pdu.content as JsonObject };
}
