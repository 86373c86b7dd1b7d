import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Position, Positions, Reader } from '#platform/storage/storage';
import { isAfter } from '#platform/storage/storage';
import { EventReader, type OrdinalRange } from './event.repository';
import { RoomHeadReader } from './room-head.repository';

/** How many of the newest events are looked at in one statement before the search begins to jump. */
const NEAR = 64;

/** The newest event of a room. */
export interface RoomPlace {
  readonly ordinal: number;
  readonly position: Position;
  /** The room's state after it. */
  readonly snapshot: number;
}

/** A place whose event is known. */
interface RecentPlace extends RoomPlace {
  readonly nid: number;
}

/** Translates between stream positions and places in rooms' orders; the newest place of each room is kept in memory. */
export class RoomPlaces {
  private readonly heads: RoomHeadReader;
  private readonly events: EventReader;
  private readonly newest = new LRUCache<number, RoomPlace>(atMost(100_000));
  /** The newest places of busy rooms, oldest first and without holes: what waiting syncs ask for. */
  private readonly recent = new LRUCache<number, RecentPlace[]>(atMost(5_000));

  constructor(reader: Reader) {
    this.heads = new RoomHeadReader(reader);
    this.events = new EventReader(reader);
  }

  /** Told of each committed event, in the room's order, and of other processes' events. */
  moved(roomNid: number, place: RoomPlace | RecentPlace): void {
    const known = this.newest.get(roomNid);
    if (known !== undefined && known.ordinal >= place.ordinal) return;
    this.newest.set(roomNid, place);
    if (!('nid' in place)) return;
    const recent = this.recent.get(roomNid);
    if (recent === undefined || recent.at(-1)!.ordinal !== place.ordinal - 1) this.recent.set(roomNid, [place]);
    else recent.push(place);
    if (recent !== undefined && recent.length > 2 * NEAR) recent.splice(0, NEAR);
  }

  /** Numbers of the events of a range, when all of it is among the newest places; undefined when it must be read. */
  recentNids(roomNid: number, { from, to, direction, limit }: OrdinalRange): number[] | undefined {
    const recent = this.recent.get(roomNid);
    const lower = direction === 'b' ? to : from;
    const upper = (direction === 'b' ? from : to) ?? Infinity;
    if (recent === undefined || lower === undefined || lower < recent[0]!.ordinal - 1) return undefined;
    const found = recent.filter(({ ordinal }) => ordinal > lower && ordinal < upper);
    return (direction === 'b' ? found.reverse() : found).slice(0, limit).map(({ nid }) => nid);
  }

  /** Told when a state changed without an event; events may have lost their places. */
  restated(roomNid: number, snapshot: number): void {
    this.recent.delete(roomNid);
    const known = this.newest.get(roomNid);
    if (known !== undefined) this.newest.set(roomNid, { ...known, snapshot });
  }

  /** A room's state after its newest event, when that is the one at `ordinal`; undefined for earlier ones. */
  async snapshotAtEnd(roomNid: number, ordinal: number): Promise<number | undefined> {
    const place = await this.placeOf(roomNid);
    return place !== undefined && place.ordinal <= ordinal ? place.snapshot : undefined;
  }

  /** Ordinal of a room's newest event; 0 when it has none. */
  async latest(roomNid: number): Promise<number> {
    return (await this.placeOf(roomNid))?.ordinal ?? 0;
  }

  /** A room's present state; 0 when it has none. */
  async snapshot(roomNid: number): Promise<number> {
    return (await this.heads.heads([roomNid]))[0]?.snapshotNid ?? 0;
  }

  /** The largest ordinal of a room whose event lies within `positions`; from memory when the newest one does. */
  async ordinalAt(roomNid: number, positions: Positions): Promise<number> {
    const place = await this.placeOf(roomNid);
    if (place === undefined) return 0;
    return isAfter(place.position, positions) ? this.search(roomNid, place.ordinal, positions) : place.ordinal;
  }

  /** Those of the rooms whose newest event comes after `since`. One statement for rooms not in memory, usually none. */
  async changed(roomNids: readonly number[], since: Positions): Promise<number[]> {
    await this.load(roomNids);
    return roomNids.filter((nid) => {
      const place = this.newest.get(nid);
      return place !== undefined && isAfter(place.position, since);
    });
  }

  /** Looks through the newest events, then halves the rest: positions rise with ordinals. */
  private async search(roomNid: number, newest: number, positions: Positions): Promise<number> {
    const remembered = this.recent.get(roomNid)?.findLast((place) => !isAfter(place.position, positions));
    if (remembered !== undefined) return remembered.ordinal;
    const near = await this.events.positionsUpTo(roomNid, newest, NEAR);
    const hit = near.find((place) => !isAfter(place.position, positions));
    if (hit !== undefined || near.length < NEAR) return hit?.ordinal ?? 0;
    let within = 0;
    let after = newest - NEAR + 1;
    while (after - within > 1) {
      const middle = Math.floor((within + after) / 2);
      const [place] = await this.events.positionsUpTo(roomNid, middle, 1);
      if (place === undefined || isAfter(place.position, positions)) after = middle;
      else within = middle;
    }
    return within;
  }

  private async placeOf(roomNid: number): Promise<RoomPlace | undefined> {
    await this.load([roomNid]);
    return this.newest.get(roomNid);
  }

  /** Brings the newest places of rooms into memory, if they are not there. */
  private async load(roomNids: readonly number[]): Promise<void> {
    const missing = roomNids.filter((nid) => !this.newest.has(nid));
    if (missing.length === 0) return;
    const heads = await this.heads.heads(missing);
    for (const { roomNid, latestOrdinal: ordinal, position, snapshotNid: snapshot } of heads) {
      this.moved(roomNid, { ordinal, position, snapshot });
    }
  }
}
