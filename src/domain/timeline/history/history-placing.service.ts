import type { EventPlacing } from '../placing/event-placing.service';
import type { HistoryPlace } from '../placing/history-places.service';
import type { VerifiedEvent } from '../ingest.model';
import type { Inquiry } from '../ingest/inquiries.service';
import type { MissingEvents } from '../ingest/missing-events.service';
import { MissingEventsError } from '../placing/placing.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';

/** States fetched for one batch: history that falls apart into more pieces is left. SECURITY: row 36. */
const MAX_STATES = 5;

export interface HistoryPlacingParts {
  readonly heads: RoomHeads;
  readonly placing: EventPlacing;
  readonly missing: MissingEvents;
  readonly onError: (error: unknown) => void;
}

/** Judges events of history by the state before them, and gives them the places that were chosen for them. */
export class HistoryPlacing {
  constructor(private readonly parts: HistoryPlacingParts) {}

  /** Oldest first, from a place on; how many are shown. */
  async placeAll(
    inquiry: Inquiry,
    { ordinal, beside }: HistoryPlace,
    events: readonly VerifiedEvent[],
  ): Promise<number> {
    let states = MAX_STATES;
    let placed = 0;
    for (const [index, event] of events.entries()) {
      const history = { ordinal: ordinal + index, beside };
      const place = (fetch: boolean) => this.placeOne(inquiry, event, history, fetch);
      try {
        await this.parts.missing.authority(inquiry, event);
        const isShown = await place(false).catch((error: unknown) => {
          if (!(error instanceof MissingEventsError) || states-- <= 0) throw error;
          return place(true);
        });
        if (isShown) placed++;
      } catch (error) {
        if (!(error instanceof MissingEventsError)) this.parts.onError(error);
      }
    }
    return placed;
  }

  /**
   * Places one event; whether it is shown.
   * @param fetch whether servers are asked for the state before it, because what the event follows is missing
   * @throws MissingEventsError when that is so and they are not asked
   */
  private async placeOne(
    inquiry: Inquiry,
    event: VerifiedEvent,
    history: HistoryPlace,
    fetch: boolean,
  ): Promise<boolean> {
    const { heads, missing, placing } = this.parts;
    const over = () => heads.committedState(inquiry.room);
    const options = fetch ? { history, fetched: await missing.stateBefore(inquiry, event, await over()) } : { history };
    // The promise of the commit must not be awaited in the queue.
    const place = async (head: RoomHead) => ({ placed: await placing.place(head, event, options) });
    const { placed } = await heads.inQueue(inquiry.room, place);
    await placed.written;
    return placed.status === 'accepted';
  }
}
