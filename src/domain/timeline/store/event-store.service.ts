import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { RoomState } from '../../room-state';
import type { Reader } from '#platform/storage/storage';
import { EventReader, type RoomlessEvent } from './event.repository';
import { NO_PLACE, type StoredEvent } from '../timeline.model';

/** Memory for parsed events, in characters of JSON; parsed they take about four times that. */
const CACHED_CHARACTERS = 16 * 1024 * 1024;
const OVERHEAD = 300;
/** Events read by one statement: databases take so many values and no more. */
const AT_ONCE = 1_000;

/** Reads events by number or id, through a bounded cache that commits keep fresh. */
export class EventStore {
  private readonly reader: EventReader;
  private readonly byNid = new LRUCache<number, StoredEvent>({
    maxSize: CACHED_CHARACTERS,
    max: 25_000,
  });
  private readonly nidById = new LRUCache<string, number>(atMost(50_000));
  /** Counts redactions, so that a read that overlapped one does not put the event back as it was. */
  private redactions = 0;

  constructor(
    reader: Reader,
    private readonly rooms: RoomState,
  ) {
    this.reader = new EventReader(reader);
  }

  /** Events by number, in the order asked for; unknown ones are left out. One statement for those that are not cached. */
  async events(nids: readonly number[]): Promise<StoredEvent[]> {
    const loaded = new Map<number, StoredEvent>();
    const missing: number[] = [];
    for (const nid of nids) {
      const cached = this.byNid.get(nid);
      if (cached === undefined) missing.push(nid);
      else loaded.set(nid, cached);
    }
    if (missing.length > 0) for (const event of await this.load(missing)) loaded.set(event.nid, event);
    return nids.flatMap((nid) => loaded.get(nid) ?? []);
  }

  /** One event by number. */
  async event(nid: number | undefined): Promise<StoredEvent | undefined> {
    if (nid === undefined) return undefined;
    return this.byNid.get(nid) ?? (await this.events([nid]))[0];
  }

  /** Events by id, by id; those that are unknown or have no place in a room's order are left out. */
  async byIds(eventIds: readonly string[]): Promise<Map<string, StoredEvent>> {
    const missing = eventIds.filter((eventId) => !this.nidById.has(eventId));
    if (missing.length > 0) {
      for (const [eventId, nid] of await this.reader.nidsOf(missing)) this.nidById.set(eventId, nid);
    }
    const nids = eventIds.flatMap((eventId) => this.nidById.get(eventId) ?? []);
    return new Map((await this.events(nids)).map((event) => [event.eventId, event]));
  }

  /** Puts a committed event where readers find it. `size`: characters of its JSON. */
  remember(event: StoredEvent, size: number): void {
    this.byNid.set(event.nid, event, { size: size + OVERHEAD });
    if (event.ordinal !== NO_PLACE) this.nidById.set(event.eventId, event.nid);
  }

  /** Notes that a redaction of an event was committed: it will be read again. */
  redacted(nid: number): void {
    this.redactions++;
    this.byNid.delete(nid);
  }

  /** Notes that an event was taken out of its room: it is found no more. */
  withdrawn({ nid, eventId }: Pick<StoredEvent, 'nid' | 'eventId'>): void {
    this.redacted(nid);
    this.nidById.delete(eventId);
  }

  private async load(nids: readonly number[]): Promise<StoredEvent[]> {
    const { redactions } = this;
    const wanted = [...new Set(nids)];
    const found: RoomlessEvent[] = [];
    for (let i = 0; i < wanted.length; i += AT_ONCE) {
      found.push(...(await this.reader.byNids(wanted.slice(i, i + AT_ONCE))));
    }
    const rooms = await this.rooms.infoByNid([...new Set(found.map((event) => event.roomNid))]);
    return found.map(({ size, ...event }) => {
      const stored = { ...event, roomId: rooms.get(event.roomNid)!.roomId };
      if (redactions === this.redactions) this.remember(stored, size);
      return stored;
    });
  }
}
