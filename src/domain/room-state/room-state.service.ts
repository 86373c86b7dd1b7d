import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Reader } from '#platform/storage/storage';
import type { RoomInfo, SnapshotId, StateEntry } from './room-state.model';
import type { CurrentStateEntry } from './room-state.repository';
import { RoomStateReader } from './room-state.repository';
import type { StateKeyPair } from './snapshot.model';
import { stateMapKey } from './snapshot.model';
import { Snapshots } from './snapshots.service';

/** An event id of 0 marks a key without an event. */
const ABSENT = 0;

/** Rooms, their current state, and their state at any point, as event numbers. Events themselves are the timeline's. */
export class RoomState {
  /** The room's states at earlier points. */
  readonly snapshots: Snapshots;
  private readonly reader: RoomStateReader;
  private readonly byId = new LRUCache<string, RoomInfo>(atMost(50_000));
  private readonly byNid = new LRUCache<number, RoomInfo>(atMost(50_000));
  private readonly currentCache = new LRUCache<string, number>(atMost(200_000));
  /** Counts commits of state, so that a read that overlapped one does not fill the cache with what it saw. */
  private commits = 0;

  constructor(reader: Reader) {
    this.reader = new RoomStateReader(reader);
    this.snapshots = new Snapshots(reader);
  }

  /** What never changes about a room; undefined when this server does not know it. */
  async info(roomId: string): Promise<RoomInfo | undefined> {
    const cached = this.byId.get(roomId);
    if (cached !== undefined) return cached;
    const room = await this.reader.roomById(roomId);
    if (room !== undefined) this.remember(room);
    return room;
  }

  /** The same by numeric ids; unknown ones are left out. One statement for those that are not cached. */
  async infoByNid(nids: readonly number[]): Promise<Map<number, RoomInfo>> {
    const missing = new Set(nids.filter((nid) => !this.byNid.has(nid)));
    if (missing.size > 0) for (const room of await this.reader.roomsByNid([...missing])) this.remember(room);
    const found = new Map<number, RoomInfo>();
    for (const nid of nids) {
      const room = this.byNid.get(nid);
      if (room !== undefined) found.set(nid, room);
    }
    return found;
  }

  /** The event that now holds a key of a room's state. */
  async current(room: Pick<RoomInfo, 'nid'>, type: string, stateKey: string): Promise<number | undefined> {
    const key = `${room.nid}/${stateMapKey(type, stateKey)}`;
    const cached = this.currentCache.get(key);
    if (cached !== undefined) return cached === ABSENT ? undefined : cached;
    const commits = this.commits;
    const eventNid = await this.reader.current(room.nid, type, stateKey);
    if (commits === this.commits) this.currentCache.set(key, eventNid ?? ABSENT);
    return eventNid;
  }

  /** The whole current state of a room. */
  currentAll(room: Pick<RoomInfo, 'nid'>): Promise<StateEntry[]> {
    return this.reader.currentOfRooms([room.nid]);
  }

  /** The current entries of one type. */
  currentOfType(room: Pick<RoomInfo, 'nid'>, type: string): Promise<StateEntry[]> {
    return this.reader.currentOfRooms([room.nid], [type]);
  }

  /** The current entries of one type under some state keys, such as the members that a reader must show. */
  currentOfKeys(room: Pick<RoomInfo, 'nid'>, type: string, stateKeys: readonly string[]): Promise<StateEntry[]> {
    return this.reader.currentOfKeys(room.nid, type, stateKeys);
  }

  /** Current entries of several rooms at once, of some types or all; each entry names its room. */
  currentOfRooms(roomNids: readonly number[], types?: readonly string[]): Promise<CurrentStateEntry[]> {
    return this.reader.currentOfRooms(roomNids, types);
  }

  /** The event that held a key in an earlier state. */
  at(snapshot: SnapshotId, type: string, stateKey: string): Promise<number | undefined> {
    return this.snapshots.at(snapshot, type, stateKey);
  }

  /** The events that held one key in several earlier states, by snapshot. Two statements. */
  atEach(snapshots: readonly SnapshotId[], type: string, stateKey: string): Promise<Map<SnapshotId, number>> {
    return this.snapshots.atEach(snapshots, type, stateKey);
  }

  /** The events that held some keys in an earlier state, by `stateMapKey(type, stateKey)`. */
  atMany(snapshot: SnapshotId, keys: readonly StateKeyPair[]): Promise<Map<string, number>> {
    return this.snapshots.atMany(snapshot, keys);
  }

  /** An earlier state, whole or of some types. */
  atAll(snapshot: SnapshotId, options: { readonly types?: readonly string[] } = {}): Promise<StateEntry[]> {
    return this.snapshots.atAll(snapshot, options);
  }

  /** What a state has otherwise than an earlier one on the way to it. */
  changedBetween(older: SnapshotId, newer: SnapshotId): Promise<StateEntry[]> {
    return this.snapshots.changedBetween(older, newer);
  }

  /** Told by the timeline after a commit, before anybody hears of it: a new room. */
  roomCommitted(room: RoomInfo): void {
    this.remember(room);
  }

  /** Told by the timeline after a commit, before anybody hears of it: new current state. */
  stateCommitted(entries: readonly CurrentStateEntry[]): void {
    if (entries.length === 0) return;
    this.commits++;
    for (const entry of entries) {
      this.currentCache.set(`${entry.roomNid}/${stateMapKey(entry.type, entry.stateKey)}`, entry.eventNid);
    }
  }

  private remember(room: RoomInfo): void {
    this.byId.set(room.roomId, room);
    this.byNid.set(room.nid, room);
  }
}
