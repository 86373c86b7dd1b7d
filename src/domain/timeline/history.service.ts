import { serverNameOf } from '#kernel/ids';
import { endsWithin } from '#kernel/patience';
import type { Storage } from '#platform/storage/storage';
import type { RoomInfo } from '../room-state';
import { DagReader } from './dag.repository';
import { GapReader } from './gap.repository';
import type { EventPlacing } from './event-placing.service';
import type { EventStore } from './event-store.service';
import { HistoryPlaces, type HistoryPlace } from './history-places.service';
import type { VerifiedEvent } from './ingest.model';
import type { BackfillSource, IngestPorts } from './ingest.ports';
import type { Inquiries, Inquiry } from './inquiries.service';
import type { MissingEvents } from './missing-events.service';
import { MissingEventsError } from './placing.model';
import type { RoomHeads } from './room-heads.service';
import type { StoredEvent } from './timeline.model';

const BATCH = 100;
/** States fetched for one batch: history that falls apart into more pieces is left. SECURITY: row 36. */
const MAX_STATES = 5;

export interface HistoryParts {
  readonly storage: Storage;
  readonly heads: RoomHeads;
  readonly events: EventStore;
  readonly placing: EventPlacing;
  readonly missing: MissingEvents;
  readonly inquiries: Inquiries;
  readonly ports: () => IngestPorts | undefined;
  readonly onError: (error: unknown) => void;
}

/** Brings history from before what this server has, when somebody reads up to there. Spec: server-server, "Backfilling". */
export class History implements BackfillSource {
  private readonly dag: DagReader;
  private readonly gaps: GapReader;
  private readonly places: HistoryPlaces;
  private readonly running = new Map<number, Promise<boolean>>();

  constructor(private readonly parts: HistoryParts) {
    this.dag = new DagReader(parts.storage);
    this.gaps = new GapReader(parts.storage);
    this.places = new HistoryPlaces(parts.storage, parts.events);
  }

  async fillAbove(room: RoomInfo, events: readonly StoredEvent[], waitMs: number): Promise<boolean> {
    if (this.parts.ports() === undefined || events.length === 0) return false;
    const nids = new Map(events.map((event) => [event.nid, event]));
    const gaps = (await this.gaps.gaps(room.nid)).filter((gap) => nids.has(gap.eventNid));
    if (gaps.length === 0) return false;
    const above = gaps.map((gap) => nids.get(gap.eventNid)!).sort((a, b) => a.ordinal - b.ordinal)[0]!;
    const missing = gaps.filter((gap) => gap.eventNid === above.nid).map((gap) => gap.missingId);
    const fill = this.running.get(room.nid) ?? this.start(room, above, missing);
    return (await endsWithin(fill, waitMs)) && fill;
  }

  /** Whether this server lacks a part of the room's history. */
  async hasGaps(room: Pick<RoomInfo, 'nid'>): Promise<boolean> {
    return (await this.gaps.gaps(room.nid)).length > 0;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  private start(room: RoomInfo, above: StoredEvent, missing: readonly string[]): Promise<boolean> {
    const fill = this.fill(room, above, missing)
      .catch((error: unknown) => {
        this.parts.onError(error);
        return false;
      })
      .finally(() => this.running.delete(room.nid));
    this.running.set(room.nid, fill);
    return fill;
  }

  private async fill(room: RoomInfo, above: StoredEvent, missing: readonly string[]): Promise<boolean> {
    // Its sender's server has had what the event follows.
    const inquiry = this.parts.inquiries.open({ room, likeliest: serverNameOf(above.sender) });
    const ask = async (server: string, signal: AbortSignal) => {
      const events = await this.parts.missing.backfill(room, server, missing, BATCH, signal);
      return events.length === 0 ? undefined : { server, events };
    };
    const asked = new Set<string>();
    for (;;) {
      const given = await inquiry.ask(ask, undefined, asked).catch(() => undefined);
      if (given === undefined) return false;
      if ((await this.placeAll(inquiry, above, given.events)) > 0) return true;
      asked.add(given.server);
    }
  }

  /** Oldest first, below the event that they lead to; how many took a place. */
  private async placeAll(inquiry: Inquiry, above: StoredEvent, events: readonly VerifiedEvent[]): Promise<number> {
    const lowest = await this.places.lowest(inquiry.room.nid, above, events.length);
    let states = MAX_STATES;
    let placed = 0;
    for (const [index, event] of events.entries()) {
      const history = { ordinal: lowest.ordinal + index, beside: above };
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
    const head = await this.parts.heads.of(inquiry.room);
    const over = await head.run(async () => {
      await head.settled();
      return head.snapshot?.nid ?? 0;
    });
    const options = fetch
      ? { history, fetched: await this.parts.missing.stateBefore(inquiry, event, over) }
      : { history };
    // The promise of the commit must not be awaited in the queue.
    const { placed } = await head.run(async () => ({ placed: await this.parts.placing.place(head, event, options) }));
    await placed.written;
    return placed.status === 'accepted';
  }
}
