import { LRUCache } from 'lru-cache';
import { serverNameOf } from '#kernel/ids';
import { atMost } from '#platform/cache/at-most';
import type { Storage } from '#platform/storage/storage';
import type { FederationReading, OutgoingEvent } from '../event-views';
import type { JoinedServers } from '../membership';
import type { RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { Lack, Marker, Progress } from './backlog.model';
import { OutboxReader } from './outbox.repository';

/** Rooms of one transaction, and of one read. */
export const ROOMS_AT_ONCE = 50;
/** Events of a room looked at for ours in one go. */
const PAGE = 200;
/** Of a room with more extremities than this the newest say enough. */
const MAX_EXTREMITIES = 10;
const REMEMBERED_RELAYS = 10_000;

/** Part of what a server lacks: events, and how far they bring it in each room. */
export interface Parcel {
  readonly events: readonly OutgoingEvent[];
  readonly progress: readonly Progress[];
}

export interface ParcelsParts {
  readonly serverName: string;
  readonly storage: Storage;
  readonly rooms: Pick<RoomState, 'infoByNid'>;
  readonly timeline: Pick<Timeline, 'events' | 'range' | 'latestOrdinal' | 'graph'>;
  readonly servers: Pick<JoinedServers, 'has'>;
  readonly reading: Pick<FederationReading, 'visibleToServer'>;
}

/** Finds the events behind what servers lack. Of a busy room all that it reads is in the caches of the timeline. */
export class Parcels {
  private readonly reader: OutboxReader;
  private readonly relays = new LRUCache<number, boolean>(atMost(REMEMBERED_RELAYS));

  constructor(private readonly parts: ParcelsParts) {
    this.reader = new OutboxReader(parts.storage);
  }

  /**
   * The rows of a server after (and up to) a room. Those of rooms that it is in reach to the newest event, of which nobody
   * took note while it was left alone.
   */
  async page(destination: string, range: { readonly after: number; readonly upTo: number }): Promise<Marker[]> {
    const markers = await this.reader.markers(destination, { ...range, limit: ROOMS_AT_ONCE });
    const page: Marker[] = [];
    for (const marker of markers) {
      const room = { nid: marker.roomNid };
      const isIn = await this.parts.servers.has(room, destination);
      page.push(isIn ? { ...marker, to: Math.max(marker.to, await this.parts.timeline.latestOrdinal(room)) } : marker);
    }
    return page;
  }

  /**
   * The next events for a server, at most `limit` and in the order of their rooms. `isBehind`: of each room only what its
   * history now ends with, from which the server finds what it missed by itself.
   */
  async pack(destination: string, lacks: readonly Lack[], limit: number, isBehind: boolean): Promise<Parcel> {
    const rooms = await this.parts.rooms.infoByNid(lacks.map((lack) => lack.roomNid));
    const events: OutgoingEvent[] = [];
    const progress: Progress[] = [];
    for (const lack of lacks) {
      const room = rooms.get(lack.roomNid);
      const left = limit - events.length;
      if (left === 0) break;
      // Nothing of a room goes to those that its ACL shuts out.
      const isAllowed = room !== undefined && (await this.parts.timeline.graph.allows(room, destination));
      if (!isAllowed || lack.from >= lack.to) {
        progress.push({ lack, upTo: lack.to, isAll: true });
        continue;
      }
      const found = isBehind ? await this.ends(destination, lack, left) : await this.missed(lack, left);
      const wanted = found.events.filter((event) => serverNameOf(event.sender) !== destination);
      events.push(...(await this.parts.reading.visibleToServer(destination, room, wanted)));
      progress.push({ lack, ...found.reach });
    }
    return { events, progress };
  }

  /** Some events once more, in their order: without those of rooms whose ACL has shut the server out since. */
  async again(destination: string, eventNids: readonly number[]): Promise<OutgoingEvent[]> {
    const events = await this.parts.timeline.events(eventNids);
    const outgoing = new Map<number, OutgoingEvent>();
    for (const room of (await this.parts.rooms.infoByNid(events.map((event) => event.roomNid))).values()) {
      if (!(await this.parts.timeline.graph.allows(room, destination))) continue;
      const ofRoom = events.filter((event) => event.roomNid === room.nid);
      const shown = await this.parts.reading.visibleToServer(destination, room, ofRoom);
      for (const event of shown) outgoing.set(event.nid, event);
    }
    return eventNids.flatMap((nid) => outgoing.get(nid) ?? []);
  }

  /** Our events of a range, oldest first, and how far they reach. */
  private async missed({ roomNid, from, to }: Lack, limit: number) {
    const events: StoredEvent[] = [];
    let after = from;
    while (after < to) {
      const page = await this.parts.timeline.range(
        { nid: roomNid },
        { from: after, to: to + 1, direction: 'f', limit: PAGE },
      );
      for (const event of await this.outgoing(page)) {
        if (events.length === limit) return { events, reach: { upTo: events.at(-1)!.ordinal, isAll: false } };
        events.push(event);
      }
      if (page.length === 0) break;
      after = page.at(-1)!.ordinal;
    }
    return { events, reach: { upTo: to, isAll: true } };
  }

  /** The room's forward extremities; for a server that is in the room no more, the event by which it is not. */
  private async ends(destination: string, { roomNid, to }: Lack, limit: number) {
    const room = { nid: roomNid };
    const reach = { upTo: to, isAll: true };
    if (await this.parts.servers.has(room, destination)) {
      const extremities = await this.parts.timeline.graph.extremities(room);
      return { events: extremities.slice(-Math.min(limit, MAX_EXTREMITIES)), reach };
    }
    const last = await this.parts.timeline.range(room, { from: to - 1, to: to + 1, direction: 'f', limit: 1 });
    return { events: await this.outgoing(last), reach };
  }

  /** Those events that this server sends out: by its users, or let in by it. */
  private async outgoing(page: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const isOurs = (event: StoredEvent) => serverNameOf(event.sender) === this.parts.serverName;
    const others = page.filter((event) => !isOurs(event) && event.type === 'm.room.member');
    await this.learnRelays(others.map((event) => event.nid));
    return page.filter((event) => isOurs(event) || this.relays.get(event.nid) === true);
  }

  private async learnRelays(eventNids: readonly number[]): Promise<void> {
    const unknown = eventNids.filter((nid) => !this.relays.has(nid));
    if (unknown.length === 0) return;
    const relayed = await this.reader.relayed(unknown);
    for (const nid of unknown) this.relays.set(nid, relayed.has(nid));
  }
}
