import type { Storage, Tx } from '#platform/storage/storage';
import { membershipOf, type Pdu } from '#protocol/events/index';
import type { AccountData } from '../account-data';
import type { Membership } from '../membership';
import type { PushRules } from '../push-rules';
import type { ReadUpTo, Receipts } from '../receipts';
import type { Relations } from '../relations';
import type { RoomInfo } from '../room-state';
import type { AppendParticipant, StoredEvent, Timeline, Withdrawal } from '../timeline';
import { CheckpointStore } from './checkpoint-store.service';
import { Judge } from './judge.service';
import { Checkpoint, MAX_UNREAD } from './checkpoint.model';
import type { RoomCounts } from './notifications.model';
import { RoomPages } from './room-pages.service';

const SAVE_MS = 30_000;
const MAX_PROFILE_CHANGES = 100;

const NOTHING: RoomCounts = { main: { notification: 0, highlight: 0 }, threads: new Map() };

/**
 * Unread counts, found out when somebody asks: sending an event costs nothing here. The user's push rules are applied once
 * to each event after their receipt, and what came of it is kept in memory and written down now and then.
 */
export class Notifications implements AppendParticipant {
  private readonly checkpoints: CheckpointStore;
  private readonly judge: Judge;
  private readonly pages: RoomPages;
  /** The last call for a user and room: they follow one another. */
  private readonly running = new Map<string, Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    storage: Storage,
    private readonly deps: {
      readonly accountData: Pick<AccountData, 'ignoredUsers'>;
      readonly pushRules: Pick<PushRules, 'rulesFor'>;
      readonly timeline: Pick<Timeline, 'currentState' | 'event' | 'events' | 'latestOrdinal' | 'range'>;
      readonly membership: Pick<Membership, 'counts' | 'joinedLocalUsers' | 'of'>;
      readonly relations: Pick<Relations, 'threadsOf'>;
      readonly receipts: Pick<Receipts, 'readUpTo'>;
    },
    private readonly onError: (error: unknown) => void,
  ) {
    this.checkpoints = new CheckpointStore(storage);
    this.judge = new Judge(deps);
    this.pages = new RoomPages(deps.timeline, deps.relations);
  }

  /** Begins to write down now and then what was found out. */
  start(): void {
    this.timer = setInterval(() => void this.checkpoints.save().catch(this.onError), SAVE_MS).unref();
  }

  /** Ends that, writing down the rest. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.checkpoints.save(true);
  }

  /**
   * How much of a room a user has not read, up to the room's newest event. In a room that was counted before it costs what
   * is new since; nothing is read when nothing is. Zero for rooms that the user has not joined.
   */
  counts(userId: string, room: RoomInfo): Promise<RoomCounts> {
    const key = `${room.nid} ${userId}`;
    const before = this.running.get(key);
    const mine = (before === undefined ? Promise.resolve() : before.catch(() => undefined)).then(() =>
      this.count(userId, room),
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
    const nids = rooms.map((room) => room.nid);
    await Promise.all([this.checkpoints.prepare(userId, nids), this.deps.receipts.readUpTo(userId, nids)]);
  }

  /** Counts in a room that lost events are made anew. */
  async eventsWithdrawn(tx: Tx, { room }: Withdrawal): Promise<void> {
    await this.checkpoints.forget(tx, [...(await this.deps.membership.joinedLocalUsers(room))], room.nid);
    tx.afterCommit(() => this.pages.clear());
  }

  private async count(userId: string, room: RoomInfo): Promise<RoomCounts> {
    const read = (await this.deps.receipts.readUpTo(userId, [room.nid])).get(room.nid)!;
    const checkpoint = await this.checkpoints.of(userId, room.nid, () => this.begin(userId, room, read));
    if (checkpoint === undefined) return NOTHING;
    const changed = checkpoint.markRead(read);
    const judged = await this.catchUp(checkpoint, userId, room, read);
    if (changed || judged) this.checkpoints.changed(userId, room.nid, checkpoint);
    return checkpoint.away ? NOTHING : checkpoint.counts;
  }

  /** A new checkpoint, at the user's receipt or join. */
  private async begin(userId: string, room: RoomInfo, read: ReadUpTo): Promise<Checkpoint | undefined> {
    const joined = await this.joinedAt(userId, room);
    if (joined === undefined) return undefined;
    return new Checkpoint({ judgedTo: Math.max(joined, read.unthreaded ?? joined), away: false, unread: [] });
  }

  /** Where the user's present stay in a room began; changes of their profile since do not count. */
  private async joinedAt(userId: string, room: RoomInfo): Promise<number | undefined> {
    const member = await this.deps.membership.of(userId, room.roomId);
    if (member?.membership !== 'join') return undefined;
    let { ordinal } = member;
    let [event] = await this.deps.timeline.events([member.eventNid]);
    for (let step = 0; step < MAX_PROFILE_CHANGES && event !== undefined && isJoin(event); step++) {
      ({ ordinal } = event);
      [event] = event.replacesNid === null ? [] : await this.deps.timeline.events([event.replacesNid]);
    }
    return ordinal;
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
    checkpoint.judgedTo = ordinal;
    checkpoint.away = ((await this.joinedAt(userId, room)) ?? Infinity) > ordinal;
    if (checkpoint.away) checkpoint.clear();
  }
}

const isJoin = (event: StoredEvent): boolean => membershipOf(event.pdu as Pdu) === 'join';
