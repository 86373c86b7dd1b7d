import { LRUCache } from 'lru-cache';
import type { Storage } from '#platform/storage/storage';
import type { AccountData } from '../account-data';
import type { Membership } from '../membership';
import type { PushRules } from '../push-rules';
import type { ReadUpTo, Receipts } from '../receipts';
import type { Relations } from '../relations';
import type { RoomInfo } from '../room-state';
import type { Timeline } from '../timeline';
import { CheckpointsReader, CheckpointsWriter } from './checkpoints.repository';
import { Judge } from './judge.service';
import { Checkpoint, MAX_UNREAD } from './checkpoint.model';
import type { RoomCounts } from './notifications.model';
import { RoomPages } from './room-pages.service';

const SAVE_MS = 30_000;
/** Checkpoints written in one transaction. */
const SAVED_AT_ONCE = 200;

const NOTHING: RoomCounts = { main: { notification: 0, highlight: 0 }, threads: new Map() };

/**
 * Unread counts, found out when somebody asks: sending an event costs nothing here. The user's push rules are applied once
 * to each event after their receipt, and what came of it is kept in memory and written down now and then.
 */
export class Notifications {
  private readonly reader: CheckpointsReader;
  private readonly judge: Judge;
  private readonly pages: RoomPages;
  private readonly checkpoints = new LRUCache<string, Checkpoint>({ max: 100_000 });
  /** What is not written down yet, by the same key. */
  private readonly unsaved = new Map<string, { userId: string; roomNid: number; checkpoint: Checkpoint }>();
  /** The last call for a user and room: they follow one another. */
  private readonly running = new Map<string, Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly deps: {
      readonly accountData: Pick<AccountData, 'ignoredUsers'>;
      readonly pushRules: Pick<PushRules, 'rulesFor'>;
      readonly timeline: Pick<Timeline, 'currentState' | 'event' | 'latestOrdinal' | 'range'>;
      readonly membership: Pick<Membership, 'counts' | 'of'>;
      readonly relations: Pick<Relations, 'threadsOf'>;
      readonly receipts: Pick<Receipts, 'readUpTo'>;
    },
    private readonly onError: (error: unknown) => void,
  ) {
    this.reader = new CheckpointsReader(storage);
    this.judge = new Judge(deps);
    this.pages = new RoomPages(deps.timeline, deps.relations);
  }

  /** Begins to write down now and then what was found out. */
  start(): void {
    this.timer = setInterval(() => void this.save().catch(this.onError), SAVE_MS).unref();
  }

  /** Ends that, writing down the rest. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.save();
  }

  /**
   * How much of a room a user has not read, up to the room's newest event. In a room that was counted before it costs what
   * is new since; nothing is read when nothing is. Zero for rooms that the user has not joined.
   */
  counts(userId: string, room: RoomInfo): Promise<RoomCounts> {
    const key = `${room.nid} ${userId}`;
    const before = this.running.get(key);
    const mine = (before === undefined ? Promise.resolve() : before.catch(() => undefined)).then(() =>
      this.count(key, userId, room),
    );
    this.running.set(key, mine);
    const forget = () => {
      if (this.running.get(key) === mine) this.running.delete(key);
    };
    mine.then(forget, forget);
    return mine;
  }

  /** Reads what {@link counts} will need for many rooms in two statements, before a first sync asks for them all. */
  async prepare(userId: string, rooms: readonly RoomInfo[]): Promise<void> {
    const missing = rooms.map((room) => room.nid).filter((nid) => !this.checkpoints.has(`${nid} ${userId}`));
    if (missing.length === 0) return;
    const [found] = await Promise.all([this.reader.of(userId, missing), this.deps.receipts.readUpTo(userId, missing)]);
    for (const [nid, checkpoint] of found) {
      const key = `${nid} ${userId}`;
      if (!this.checkpoints.has(key) && !this.running.has(key)) this.checkpoints.set(key, checkpoint);
    }
  }

  private async count(key: string, userId: string, room: RoomInfo): Promise<RoomCounts> {
    const read = (await this.deps.receipts.readUpTo(userId, [room.nid])).get(room.nid)!;
    const checkpoint = await this.checkpointOf(key, userId, room, read);
    if (checkpoint === undefined) return NOTHING;
    const changed = checkpoint.markRead(read);
    const judged = await this.catchUp(checkpoint, userId, room, read);
    if (changed || judged) this.unsaved.set(key, { userId, roomNid: room.nid, checkpoint });
    return checkpoint.away ? NOTHING : checkpoint.counts;
  }

  /** The kept checkpoint, or a new one at the user's receipt or join. */
  private async checkpointOf(
    key: string,
    userId: string,
    room: RoomInfo,
    read: ReadUpTo,
  ): Promise<Checkpoint | undefined> {
    const kept = this.checkpoints.get(key) ?? this.unsaved.get(key)?.checkpoint;
    const checkpoint =
      kept ?? (await this.reader.of(userId, [room.nid])).get(room.nid) ?? (await this.begin(userId, room, read));
    if (checkpoint !== undefined) this.checkpoints.set(key, checkpoint);
    return checkpoint;
  }

  private async begin(userId: string, room: RoomInfo, read: ReadUpTo): Promise<Checkpoint | undefined> {
    const member = await this.deps.membership.of(userId, room.roomId);
    if (member?.membership !== 'join') return undefined;
    const judgedTo = Math.max(member.ordinal, read.unthreaded ?? member.ordinal);
    return new Checkpoint({ judgedTo, away: false, unread: [] });
  }

  /** Judges what came since, page by page; of a very long absence only the newest part. */
  private async catchUp(checkpoint: Checkpoint, userId: string, room: RoomInfo, read: ReadUpTo): Promise<boolean> {
    const latest = await this.deps.timeline.latestOrdinal(room);
    if (checkpoint.judgedTo >= latest) return false;
    // Nothing up to the receipt can be unread, but leaving and joining in between must be noticed.
    const start = checkpoint.away ? checkpoint.judgedTo : Math.max(checkpoint.judgedTo, read.unthreaded ?? 0);
    checkpoint.judgedTo = start;
    if (latest - start > MAX_UNREAD) await this.skipTo(checkpoint, latest - MAX_UNREAD, userId, room);
    while (checkpoint.judgedTo < latest) {
      const page = await this.pages.page(room, checkpoint.judgedTo, latest);
      if (page.length === 0) break;
      await this.judge.judge(checkpoint, userId, room, page);
    }
    return true;
  }

  /** Passes over old events; a join among them is found in the membership instead. */
  private async skipTo(checkpoint: Checkpoint, ordinal: number, userId: string, room: RoomInfo): Promise<void> {
    const member = await this.deps.membership.of(userId, room.roomId);
    checkpoint.judgedTo = ordinal;
    checkpoint.away = member?.membership !== 'join' || member.ordinal > ordinal;
    if (checkpoint.away) checkpoint.clear();
  }

  private async save(): Promise<void> {
    while (this.unsaved.size > 0) {
      const batch = [...this.unsaved].slice(0, SAVED_AT_ONCE);
      for (const [key] of batch) this.unsaved.delete(key);
      await this.storage.write(async (tx) => {
        const writer = new CheckpointsWriter(tx);
        for (const [, { userId, roomNid, checkpoint }] of batch) await writer.save(userId, roomNid, checkpoint);
      });
    }
  }
}
