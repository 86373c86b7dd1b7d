import { LRUCache } from 'lru-cache';
import { serverNameOf } from '#kernel/ids';
import { endsWithin } from '#kernel/patience';
import { now } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { Storage } from '#platform/storage/storage';
import type { RoomInfo } from '../../room-state';
import { GapReader } from '../store/gap.repository';
import type { EventPlacing } from '../placing/event-placing.service';
import type { EventStore } from '../store/event-store.service';
import { HistoryPlaces } from '../placing/history-places.service';
import { HistoryPlacing } from './history-placing.service';
import type { BackfillSource, IngestPorts } from '../ingest.ports';
import type { Inquiries } from '../ingest/inquiries.service';
import type { MissingEvents } from '../ingest/missing-events.service';
import type { RoomHeads } from '../heads/room-heads.service';
import { TimeGaps } from './time-gaps.service';
import type { StoredEvent, TimeQuery } from '../timeline.model';

const BATCH = 100;

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

/** Brings history that this server lacks, when somebody reads up to there. Spec: server-server, "Backfilling". */
export class History implements BackfillSource {
  private readonly gaps: GapReader;
  private readonly places: HistoryPlaces;
  private readonly placing: HistoryPlacing;
  private readonly times: TimeGaps;
  /** One at a time in a room: those that run beside each other would take the same places. */
  private readonly running = new Map<number, Promise<boolean>>();

  /** Counts, by room, how often nobody helped: from then on others are asked. */
  private readonly turns = new LRUCache<number, number>(atMost(2_000));

  constructor(private readonly parts: HistoryParts) {
    const { storage, events } = parts;
    this.gaps = new GapReader(storage);
    this.places = new HistoryPlaces(storage, events);
    this.placing = new HistoryPlacing(parts);
    this.times = new TimeGaps({
      ...parts,
      places: this.places,
      placing: this.placing,
      source: () => parts.ports()!.source,
    });
  }

  async fillAbove(room: RoomInfo, events: readonly StoredEvent[], waitMs: number): Promise<boolean> {
    if (this.parts.ports() === undefined || events.length === 0) return false;
    const nids = new Map(events.map((event) => [event.nid, event]));
    const gaps = (await this.gaps.gaps(room.nid)).filter((gap) => nids.has(gap.eventNid));
    if (gaps.length === 0) return false;
    const above = gaps.map((gap) => nids.get(gap.eventNid)!).sort((a, b) => a.ordinal - b.ordinal)[0]!;
    const missing = gaps.filter((gap) => gap.eventNid === above.nid).map((gap) => gap.missingId);
    const fill = this.running.get(room.nid) ?? this.start(room, () => this.fill(room, above, missing));
    return (await endsWithin(fill, waitMs)) && fill;
  }

  async fillNear(room: RoomInfo, time: TimeQuery, waitMs: number): Promise<boolean> {
    const until = now() + waitMs;
    const gap = this.parts.ports() === undefined ? undefined : await this.times.gapAt(room, time);
    if (gap === undefined) return false;
    for (let busy = this.running.get(room.nid); busy !== undefined; busy = this.running.get(room.nid)) {
      if (!(await endsWithin(busy, until - now()))) return false;
    }
    const fill = this.start(room, () => this.times.fill(room, time, gap));
    return (await endsWithin(fill, until - now())) && fill;
  }

  /** Whether this server lacks a part of the room's history. */
  async hasGaps(room: Pick<RoomInfo, 'nid'>): Promise<boolean> {
    return (await this.gaps.gaps(room.nid)).length > 0;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  private start(room: RoomInfo, work: () => Promise<boolean>): Promise<boolean> {
    const fill = work()
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
    const likeliest = serverNameOf(above.sender);
    const turn = this.turns.get(room.nid) ?? 0;
    const inquiry = this.parts.inquiries.open({ room, likeliest, turn });
    const asked = new Set<string>();
    const ask = async (server: string, signal: AbortSignal) => {
      const events = await this.parts.missing.backfill(room, server, missing, BATCH, signal).finally(() => {
        if (!signal.aborted) asked.add(server);
      });
      return events.length === 0 ? undefined : events;
    };
    for (;;) {
      const events = await inquiry.ask(ask, undefined, asked).catch(() => undefined);
      if (events === undefined) {
        this.turns.set(room.nid, turn + 1);
        return false;
      }
      const place = await this.places.lowest(room.nid, above, events.length);
      if ((await this.placing.placeAll(inquiry, place, events)) > 0) return true;
    }
  }
}
