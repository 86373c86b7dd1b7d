import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { RoomOwnership } from '#platform/cluster/room-ownership';
import type { Reader } from '#platform/storage/storage';
import { roomVersion } from '#protocol/room-versions';
import { stateMapKey, type RoomInfo, type RoomState, type SnapshotId, type StateKeyPair } from '../../room-state';
import type { EventStore } from '../store/event-store.service';
import { toHeadEvent, type HeadEvent } from './prepared-event.model';
import { RoomHead } from './room-head.model';
import { RoomHeadReader } from '../store/room-head.repository';

const KEPT_HEADS = 5_000;

/** What is asked of a room before work is done in its queue. */
export interface Turn {
  readonly settled?: boolean;
  readonly ifNotOpen?: () => Error;
}

/** The heads of the rooms that this process owns, read when first needed. */
export class RoomHeads {
  private readonly reader: RoomHeadReader;
  private readonly idle = new LRUCache<string, RoomHead>(atMost(KEPT_HEADS));
  /** Heads with appends on their way, which must not be read again before those have ended. */
  private readonly busy = new Map<string, RoomHead>();
  private readonly loading = new Map<string, Promise<RoomHead>>();

  constructor(
    reader: Reader,
    private readonly rooms: RoomState,
    private readonly events: EventStore,
    private readonly ownership: RoomOwnership,
  ) {
    this.reader = new RoomHeadReader(reader);
  }

  /** The head of a room, shared by all who ask. */
  async of(room: RoomInfo): Promise<RoomHead> {
    const known = this.busy.get(room.roomId) ?? this.idle.get(room.roomId);
    if (known !== undefined && known.failure === undefined) return known;
    const running = this.loading.get(room.roomId);
    if (running !== undefined) return running;
    const load = this.load(room).finally(() => this.loading.delete(room.roomId));
    this.loading.set(room.roomId, load);
    return load;
  }

  /**
   * Runs work in a room's queue: on its head, after all that was asked before; where a commit before it fails, on the head
   * that is read anew. With `settled` nothing of the room is under way then.
   * @throws what `ifNotOpen` makes, for rooms that are only known by an invite or a knock
   */
  async inQueue<T>(room: RoomInfo, work: (head: RoomHead) => Promise<T>, turn: Turn = {}): Promise<T> {
    for (;;) {
      const head = await this.of(room);
      if (!head.isOpen && turn.ifNotOpen !== undefined) throw turn.ifNotOpen();
      const result = await head.run(async () => {
        if (turn.settled === true) await head.settled();
        return head.failure === undefined ? { done: await work(head) } : undefined;
      });
      if (result !== undefined) return result.done;
    }
  }

  /** The room's state once nothing of it is under way. */
  committedState(room: RoomInfo): Promise<SnapshotId> {
    return this.inQueue(room, (head) => Promise.resolve(head.snapshot?.nid ?? 0), { settled: true });
  }

  /** The newest event under a key of the state, committed or not. */
  async state(head: RoomHead, type: string, stateKey: string): Promise<HeadEvent | undefined> {
    const known = head.peek(type, stateKey);
    if (known !== 'unknown') return known;
    if (head.room === undefined) return undefined;
    const nid = await this.rooms.current(head.room, type, stateKey);
    const event = await this.events.event(nid);
    const found = event && toHeadEvent(event);
    head.learn(type, stateKey, found);
    return found;
  }

  /** The newest events under some keys of the state, committed or not, by key. */
  async entries(head: RoomHead, keys: readonly StateKeyPair[]): Promise<Map<string, HeadEvent>> {
    const entries = new Map<string, HeadEvent>();
    for (const [type, stateKey] of keys) {
      const known = head.peek(type, stateKey);
      const event = known === 'unknown' ? await this.state(head, type, stateKey) : known;
      if (event !== undefined) entries.set(stateMapKey(type, stateKey), event);
    }
    return entries;
  }

  /** Counts an append that was handed to the committer. */
  began(head: RoomHead): void {
    head.inFlight++;
    this.busy.set(head.roomId, head);
  }

  /** Counts one that ended, well or not. */
  ended(head: RoomHead): void {
    head.inFlight--;
    if (head.inFlight > 0) return;
    if (this.busy.get(head.roomId) === head) this.busy.delete(head.roomId);
    if (head.failure === undefined) this.idle.set(head.roomId, head);
  }

  /** Gives a head up after a failed commit; the next who asks reads the room again. */
  drop(head: RoomHead, failure: Error): void {
    head.failure ??= failure;
    if (this.busy.get(head.roomId) === head) this.busy.delete(head.roomId);
    if (this.idle.get(head.roomId) === head) this.idle.delete(head.roomId);
  }

  private async load(room: RoomInfo): Promise<RoomHead> {
    // Claimed before it is read: what is read afterwards only this process can change.
    const claim = await this.ownership.claim(room.roomId);
    const [row] = await this.reader.heads([room.nid]);
    const head = new RoomHead(room.roomId, roomVersion(room.version), claim);
    head.room = room;
    head.isOpen = row !== undefined;
    if (row === undefined) return head;
    head.position = row.position;
    head.committedDepth = row.depth;
    head.committedOrdinal = row.latestOrdinal;
    head.ordinal = row.latestOrdinal;
    head.depth = row.depth;
    head.snapshot = row.snapshotNid === 0 ? undefined : await this.rooms.snapshots.node(row.snapshotNid);
    head.extremities = (await this.events.events(await this.reader.extremities(room.nid))).map(toHeadEvent);
    this.idle.set(room.roomId, head);
    return head;
  }
}
