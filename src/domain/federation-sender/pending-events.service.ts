import { serverNameOf } from '#kernel/ids';
import type { Storage } from '#platform/storage/storage';
import type { FederationReading, OutgoingEvent } from '../event-views';
import type { RoomInfo, RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { OutboxReader, OutboxWriter, type Marker } from './outbox.repository';

/** Rooms of one transaction. */
const MAX_ROOMS = 50;
/** Events of a room looked at for ours in one go. */
const PAGE = 200;

/** Part of what a server lacks: events, and up to where they bring it in each room. */
export interface Parcel {
  readonly events: readonly OutgoingEvent[];
  readonly upTo: readonly { readonly roomNid: number; readonly ordinal: number }[];
}

export interface PendingEventsParts {
  readonly serverName: string;
  readonly storage: Storage;
  readonly rooms: Pick<RoomState, 'infoByNid'>;
  readonly timeline: Pick<Timeline, 'range'>;
  readonly allows: (room: RoomInfo, server: string) => Promise<boolean>;
  readonly reading: Pick<FederationReading, 'visibleToServer'>;
}

/** Finds the events behind the markers. */
export class PendingEvents {
  private readonly reader: OutboxReader;

  constructor(private readonly parts: PendingEventsParts) {
    this.reader = new OutboxReader(parts.storage);
  }

  destinations(): Promise<string[]> {
    return this.reader.destinations();
  }

  /**
   * The next events for a server, at most `limit`; undefined when it lacks nothing. `newestOnly`: of each room only the last
   * one, from which the server finds what it missed by itself.
   */
  async next(destination: string, limit: number, newestOnly: boolean): Promise<Parcel | undefined> {
    const markers = await this.reader.markers(destination, Math.min(limit, MAX_ROOMS));
    if (markers.length === 0) return undefined;
    const rooms = await this.parts.rooms.infoByNid(markers.map((marker) => marker.roomNid));
    const events: OutgoingEvent[] = [];
    const upTo: { roomNid: number; ordinal: number }[] = [];
    for (const marker of markers) {
      const room = rooms.get(marker.roomNid);
      const left = limit - events.length;
      if (left === 0) break;
      const found =
        room === undefined ? { ours: [], ordinal: marker.to } : await this.find(marker, newestOnly ? 'newest' : left);
      upTo.push({ roomNid: marker.roomNid, ordinal: found.ordinal });
      if (room === undefined || !(await this.parts.allows(room, destination))) continue;
      events.push(...(await this.parts.reading.visibleToServer(destination, room, found.ours)));
    }
    return { events, upTo };
  }

  /** Notes that a server has (or will never get) a parcel. */
  async delivered(destination: string, { upTo }: Parcel): Promise<void> {
    await this.parts.storage.write(async (tx) => {
      const writer = new OutboxWriter(tx);
      for (const { roomNid, ordinal } of upTo) await writer.delivered(destination, roomNid, ordinal);
    });
  }

  /** Our events of a marker, and the ordinal up to which these are all. */
  private async find({ roomNid, from, to }: Marker, want: number | 'newest') {
    const newest = want === 'newest';
    const ours: StoredEvent[] = [];
    let after = newest ? to - 1 : from;
    while (after < to) {
      const page = await this.parts.timeline.range(
        { nid: roomNid },
        { from: after, to: to + 1, direction: 'f', limit: PAGE },
      );
      if (page.length === 0) break;
      for (const event of await this.oursAmong(page)) {
        if (!newest && ours.length === want) return { ours, ordinal: ours.at(-1)!.ordinal };
        ours.push(event);
      }
      after = page.at(-1)!.ordinal;
    }
    return { ours, ordinal: to };
  }

  private async oursAmong(page: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const isOurs = (event: StoredEvent) => serverNameOf(event.sender) === this.parts.serverName;
    const others = page.filter((event) => !isOurs(event) && event.type === 'm.room.member');
    const relayed = await this.reader.relayed(others.map((event) => event.nid));
    return page.filter((event) => isOurs(event) || relayed.has(event.nid));
  }
}
