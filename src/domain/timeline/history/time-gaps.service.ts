import type { HedgedQuestion } from '#kernel/hedged';
import { serverNameOf } from '#kernel/ids';
import type { Storage } from '#platform/storage/storage';
import type { RoomInfo } from '../../room-state';
import { DagReader } from '../store/dag.repository';
import type { EventStore } from '../store/event-store.service';
import { GapReader } from '../store/gap.repository';
import type { HistoryPlaces } from '../placing/history-places.service';
import type { HistoryPlacing } from './history-placing.service';
import type { VerifiedEvent } from '../ingest.model';
import type { MissingEventSource } from '../ingest.ports';
import type { Inquiries } from '../ingest/inquiries.service';
import type { MissingEvents } from '../ingest/missing-events.service';
import type { StoredEvent, TimeQuery } from '../timeline.model';

/** What comes with the event that is nearest to a time: it, and what leads up to it. */
const BATCH = 20;
/** Gaps of one room, beyond which no further ones are made: each has a state of its own. SECURITY: row 36. */
const MAX_GAPS = 100;

/** A gap in which an event may be that is nearer to a time than any that is here. */
export interface TimeGap {
  /** The event that follows the gap. */
  readonly above: StoredEvent;
  /** The nearest event that is here. */
  readonly nearest: StoredEvent | undefined;
}

export interface TimeGapsParts {
  readonly storage: Storage;
  readonly events: EventStore;
  readonly inquiries: Inquiries;
  readonly missing: MissingEvents;
  readonly places: HistoryPlaces;
  readonly placing: HistoryPlacing;
  readonly source: () => Pick<MissingEventSource, 'nearestTo'>;
}

/**
 * Brings events from the midst of gaps, which somebody looks for by their time. What is between them and what was here goes
 * on being missing, and comes when somebody reads up to there. Spec: server-server, `GET timestamp_to_event`.
 */
export class TimeGaps {
  private readonly dag: DagReader;
  private readonly gaps: GapReader;

  constructor(private readonly parts: TimeGapsParts) {
    this.dag = new DagReader(parts.storage);
    this.gaps = new GapReader(parts.storage);
  }

  /**
   * The gap around a time: that below the first event after it which follows a gap, unless what is below that gap is from
   * after the time as well. Times are their senders' word, so this is likely, and no more. Few statements.
   */
  async gapAt({ nid }: RoomInfo, time: TimeQuery): Promise<TimeGap | undefined> {
    const gaps = await this.gaps.gaps(nid);
    if (gaps.length === 0 || gaps.length > MAX_GAPS) return undefined;
    const [nearest] = await this.parts.events.events(await this.dag.nearestTo(nid, time, { limit: 1 }));
    if (nearest?.originServerTs === time.ts) return undefined;
    const followers = await this.parts.events.events([...new Set(gaps.map((gap) => gap.eventNid))]);
    const later = followers.filter(({ originServerTs }) => originServerTs > time.ts);
    const above = later.sort((a, b) => a.originServerTs - b.originServerTs)[0];
    if (above === undefined) return undefined;
    const below = await this.parts.places.below(above);
    return below !== undefined && below.originServerTs > time.ts ? undefined : { above, nearest };
  }

  /** True when a nearer event was brought, and took its place. */
  async fill(room: RoomInfo, time: TimeQuery, { above, nearest }: TimeGap): Promise<boolean> {
    const inquiry = this.parts.inquiries.open({ room, likeliest: serverNameOf(above.sender) });
    const isNearer = (ts: number): boolean =>
      time.direction === 'b'
        ? ts <= time.ts && ts > (nearest?.originServerTs ?? -Infinity)
        : ts >= time.ts && ts < (nearest?.originServerTs ?? Infinity);
    const ask: HedgedQuestion<VerifiedEvent[]> = async (server, signal) => {
      const near = await this.parts.source().nearestTo(server, room.roomId, time, signal);
      if (near === undefined || !isNearer(near.originServerTs)) return undefined;
      const given = await this.parts.missing.backfill(room, server, [near.eventId], BATCH, signal);
      // What the event itself says counts, not what is said of it.
      const found = given.find(({ eventId }) => eventId === near.eventId);
      return found !== undefined && isNearer(found.pdu.origin_server_ts) ? given : undefined;
    };
    const events = await inquiry.ask(ask).catch(() => undefined);
    if (events === undefined) return false;
    const place = await this.parts.places.inMidst(room.nid, above, events.length);
    return place !== undefined && (await this.parts.placing.placeAll(inquiry, place, events)) > 0;
  }
}
