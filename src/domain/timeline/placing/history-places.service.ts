import type { Reader } from '#platform/storage/storage';
import { DagReader } from '../store/dag.repository';
import { EventReader } from '../store/event.repository';
import { GapReader } from '../store/gap.repository';
import type { EventStore } from '../store/event-store.service';
import { NO_PLACE, type StoredEvent } from '../timeline.model';

/** As far below the oldest event goes what does not lead up to it. */
const FREE_BELOW = 1_000_000_000;

/** Where an event of history goes. */
export interface HistoryPlace {
  readonly ordinal: number;
  /** The event that is shown above. */
  readonly beside: StoredEvent;
}

/** Finds places for events that belong before others which are shown already. */
export class HistoryPlaces {
  private readonly dag: DagReader;
  private readonly reader: EventReader;
  private readonly gaps: GapReader;

  constructor(
    reader: Reader,
    private readonly events: EventStore,
  ) {
    this.dag = new DagReader(reader);
    this.reader = new EventReader(reader);
    this.gaps = new GapReader(reader);
  }

  /** The place right below an event that follows this one and is already there. */
  async inGap(roomNid: number, eventId: string): Promise<HistoryPlace | undefined> {
    const followers = await this.gaps.followersOf(roomNid, eventId);
    if (followers.length === 0) return undefined;
    const shown = (await this.events.events(followers)).filter((one) => one.ordinal !== NO_PLACE);
    const beside = shown.sort((a, b) => a.ordinal - b.ordinal)[0];
    return beside && this.lowest(roomNid, beside, 1);
  }

  /** The event right below one, across a gap. */
  async below({ roomNid, ordinal }: StoredEvent): Promise<StoredEvent | undefined> {
    const [nid] = await this.reader.nidsInRange(roomNid, { from: ordinal, direction: 'b', limit: 1 });
    return this.events.event(nid);
  }

  /**
   * The lowest of `count` places in the midst of the gap below an event, for what does not lead up to it; undefined where
   * places are short.
   */
  async inMidst(roomNid: number, above: StoredEvent, count: number): Promise<HistoryPlace | undefined> {
    const below = (await this.dag.placeBelow(roomNid, above.ordinal)) ?? above.ordinal - FREE_BELOW;
    const ordinal = below + Math.floor((above.ordinal - below - count) / 2);
    return ordinal > below + 1 && ordinal + count < above.ordinal ? { ordinal, beside: above } : undefined;
  }

  /** The lowest of `count` free places below an event, in its gap or below everything. */
  async lowest(roomNid: number, above: StoredEvent, count: number): Promise<HistoryPlace> {
    const below = await this.dag.placeBelow(roomNid, above.ordinal);
    if (below === undefined || above.ordinal - below - 1 >= count) {
      return { ordinal: above.ordinal - count, beside: above };
    }
    return { ordinal: (await this.dag.lowestPlace(roomNid)) - count, beside: above };
  }
}
