import { ForbiddenError, InvalidParamError } from '#kernel/errors';
import { utf8Length } from '#kernel/ids';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { Membership } from '../membership';
import { RECEIPTS_STREAM, type ReceiptNews } from '../receipts';
import { TIMELINE_STREAM, type TimelineNews } from '../timeline';
import type { Change, Positions, Storage } from '#platform/storage/storage';
import { PresenceBoard } from './presence-board.service';
import type { PresenceConfig } from './presence.config';
import {
  offline,
  presenceContent,
  type PresenceContent,
  type PresenceEvent,
  type PresenceName,
  type PresenceState,
} from './presence.model';
import { PresenceReader, PresenceWriter } from './presence.repository';
import { PRESENCE_STREAM } from './presence.stream';

/** Without activity for so long somebody online becomes unavailable. */
const IDLE_MS = 5 * 60_000;
/** So long after the end of their last sync somebody goes offline. */
const OFFLINE_MS = 30_000;
/** So long after the last word of another server its user goes offline. */
const REMOTE_MS = 30 * 60_000;
const SWEEP_MS = 5_000;
const SAVE_MS = 60_000;
const MAX_STATUS_BYTES = 4_096;

/** The presence of another server's user, as that server tells it. */
export interface RemotePresence {
  readonly userId: string;
  readonly presence: PresenceName;
  readonly statusMsg: string | null;
  readonly lastActiveAgoMs: number;
  readonly isActive: boolean;
}

/** What is known of a user's clients; gone when the user is offline. */
interface Session {
  /** The user counts as connected up to then, epoch milliseconds. */
  until: number;
  /** What the last sync asked for. */
  wanted: PresenceName;
}

/**
 * Who is online. Kept in memory and written down once a minute; setting it costs the same however many see it, because
 * syncs look up whose presence changed. Spec: client-server, "Presence".
 */
export class Presence {
  private readonly reader: PresenceReader;
  private readonly board = new PresenceBoard();
  private readonly sessions = new Map<string, Session>();
  /** Users of other servers who are present, and until when we believe it. */
  private readonly remote = new Map<string, number>();
  private readonly unsaved = new Set<string>();
  private savedAt: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly membership: Pick<Membership, 'shareRoom'>,
    private readonly config: PresenceConfig,
    private readonly now: Clock,
  ) {
    this.reader = new PresenceReader(storage);
    this.savedAt = now();
    storage.subscribe(PRESENCE_STREAM, (change) => this.heard(change));
    storage.subscribe(TIMELINE_STREAM, (change) => this.active((change.payload as TimelineNews).event.sender));
    storage.subscribe(RECEIPTS_STREAM, (change) => this.active((change.payload as ReceiptNews).receipt.userId));
  }

  /** Takes up where the last run ended: who was present stays so until they fail to come back. */
  async start(): Promise<void> {
    if (!this.config.enabled) return;
    for (const state of await this.reader.present()) {
      this.board.set(state);
      this.sessions.set(state.userId, { until: this.now() + OFFLINE_MS, wanted: state.presence });
    }
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** Writes down what is not yet. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.save();
  }

  /**
   * Sets the requester's own presence; without a status message the old one goes.
   * @throws ForbiddenError for another user
   */
  async set(requester: Requester, userId: string, wish: { presence: PresenceName; statusMsg?: string }): Promise<void> {
    if (userId !== requester.userId) throw new ForbiddenError("Cannot set another user's presence");
    if (utf8Length(wish.statusMsg ?? '') > MAX_STATUS_BYTES) throw new InvalidParamError('status_msg is too long');
    if (!this.config.enabled) return;
    const { presence, statusMsg } = wish;
    const until = Math.max(this.sessions.get(userId)?.until ?? 0, this.now() + OFFLINE_MS);
    if (presence === 'offline') this.sessions.delete(userId);
    else this.sessions.set(userId, { until, wanted: presence });
    this.change({ userId, presence, statusMsg: statusMsg || null, lastActiveTs: this.now() });
  }

  /**
   * How a user stands, to those who share a room with them.
   * @throws ForbiddenError for strangers, whether the user exists or not
   */
  async get(requester: Requester, userId: string): Promise<PresenceContent> {
    if (!(await this.isShown(requester.userId, userId))) {
      throw new ForbiddenError('You are not allowed to see their presence');
    }
    return presenceContent(this.config.enabled ? await this.known(userId) : offline(userId), this.now());
  }

  /**
   * A client of the user syncs, and may wait `waitMs` for news. `offline` leaves the presence as it is. A client that keeps
   * asking for `online` does not keep an idle user online: only activity does.
   */
  async touch(userId: string, wanted: PresenceName, waitMs = 0): Promise<void> {
    if (!this.config.enabled || wanted === 'offline') return;
    const session = this.sessions.get(userId);
    const until = this.now() + waitMs + OFFLINE_MS;
    this.sessions.set(userId, { until: Math.max(session?.until ?? 0, until), wanted });
    if (session?.wanted === wanted) return;
    const state = await this.known(userId);
    const lastActiveTs = wanted === 'online' ? this.now() : state.lastActiveTs;
    this.change({ ...state, presence: wanted, lastActiveTs });
  }

  /**
   * What another server says of its user, who was checked to be in a room of ours. Somebody of whom nothing is heard any
   * more goes offline.
   */
  receive(news: RemotePresence): void {
    if (!this.config.enabled) return;
    const { userId, presence, isActive } = news;
    const statusMsg = news.statusMsg === null || utf8Length(news.statusMsg) > MAX_STATUS_BYTES ? null : news.statusMsg;
    if (presence === 'offline') this.remote.delete(userId);
    else this.remote.set(userId, this.now() + REMOTE_MS);
    const lastActiveTs = isActive ? this.now() : Math.max(0, this.now() - news.lastActiveAgoMs);
    this.change({ userId, presence, statusMsg, lastActiveTs });
  }

  /** The user did something: sent, typed, read. Ends being idle. */
  active(userId: string): void {
    const state = this.board.of(userId);
    const session = this.sessions.get(userId);
    if (state === undefined || session === undefined) return;
    if (session.wanted === 'online' && state.presence === 'unavailable') {
      this.change({ ...state, presence: 'online', lastActiveTs: this.now() });
    } else this.keep({ ...state, lastActiveTs: this.now() });
  }

  /** Presence events of users who share a room with `userId` and changed in a range; the user's own too. */
  async changedSince(userId: string, since: Positions): Promise<PresenceEvent[]> {
    if (!this.config.enabled) return [];
    const states = [...this.board.changedSince(since)].flatMap((other) => this.board.of(other) ?? []);
    return this.eventsFor(userId, states);
  }

  /** Presence events of everybody present who shares a room with `userId`, for a first sync. */
  async initial(userId: string): Promise<PresenceEvent[]> {
    return this.config.enabled ? this.eventsFor(userId, [...this.board.present()]) : [];
  }

  /** Lets the idle become unavailable and the gone offline. Runs every few seconds. */
  async sweep(): Promise<void> {
    const now = this.now();
    for (const [userId, session] of [...this.sessions]) {
      const state = this.board.of(userId) ?? offline(userId);
      if (session.until <= now) {
        this.sessions.delete(userId);
        if (state.presence !== 'offline') this.change({ ...state, presence: 'offline' });
      } else if (state.presence === 'online' && state.lastActiveTs + IDLE_MS <= now) {
        this.change({ ...state, presence: 'unavailable' });
      }
    }
    for (const [userId, until] of [...this.remote]) {
      if (until > now) continue;
      this.remote.delete(userId);
      this.change({ ...(this.board.of(userId) ?? offline(userId)), presence: 'offline' });
    }
    if (now - this.savedAt >= SAVE_MS) await this.save();
  }

  private async eventsFor(userId: string, states: readonly PresenceState[]): Promise<PresenceEvent[]> {
    const shown = await Promise.all(states.map((state) => this.isShown(userId, state.userId)));
    return states
      .filter((_, index) => shown[index])
      .map((state) => ({ type: 'm.presence', sender: state.userId, content: presenceContent(state, this.now()) }));
  }

  private async isShown(reader: string, userId: string): Promise<boolean> {
    return reader === userId || this.membership.shareRoom(reader, userId);
  }

  private async known(userId: string): Promise<PresenceState> {
    return this.board.of(userId) ?? (await this.reader.of(userId)) ?? offline(userId);
  }

  private change(state: PresenceState): void {
    const before = this.board.of(state.userId);
    this.keep(state);
    if (before?.presence === state.presence && before.statusMsg === state.statusMsg) return;
    this.storage.announce({ stream: PRESENCE_STREAM, key: state.userId, payload: state });
  }

  private keep(state: PresenceState): void {
    this.board.set(state);
    this.unsaved.add(state.userId);
  }

  private heard(change: Change): void {
    this.board.set(change.payload as PresenceState);
    this.board.changed(change.key, change.position);
  }

  private async save(): Promise<void> {
    this.savedAt = this.now();
    const states = [...this.unsaved].flatMap((userId) => this.board.of(userId) ?? []);
    this.unsaved.clear();
    if (states.length > 0) await this.storage.write((tx) => new PresenceWriter(tx).save(states));
  }
}
