import { ACCOUNT_DATA_STREAM } from '#domain/account-data';
import { DEVICE_LISTS_STREAM } from '#domain/devices';
import { OUT_OF_BAND_STREAM, type Membership } from '#domain/membership';
import { PRESENCE_STREAM } from '#domain/presence';
import { RECEIPTS_STREAM, type ReceiptNews } from '#domain/receipts';
import type { RoomState } from '#domain/room-state';
import { SESSIONS_STREAM, type SessionsEnded } from '#domain/sessions';
import { RESTATED_ROOMS_STREAM, TIMELINE_STREAM, type RestatedRoomNews, type TimelineNews } from '#domain/timeline';
import { TO_DEVICE_STREAM } from '#domain/to-device';
import { TYPING_STREAM } from '#domain/typing';
import type { Change, Storage } from '#platform/storage/storage';
import type { Notifier } from './notifier.service';

/**
 * Presence may be this late. Without it, a hundred users of a room who come online together would wake each other ten
 * thousand times.
 */
const PRESENCE_DELAY_MS = 500;

/**
 * Turns news into wake-ups of exactly the users whom it concerns. Wake-ups carry nothing: whoever is woken reads. With
 * nobody waiting, news costs one look at an empty map.
 */
export class WakeUps {
  private readonly subscriptions: (() => void)[];
  /** Users whose presence changed since the timer was set. */
  private readonly present = new Set<string>();
  private presenceTimer: NodeJS.Timeout | undefined;

  constructor(
    storage: Pick<Storage, 'subscribe'>,
    private readonly notifier: Notifier,
    private readonly deps: {
      readonly membership: Pick<Membership, 'joinedLocalUsers' | 'allOf'>;
      readonly roomState: Pick<RoomState, 'info'>;
    },
    private readonly onError: (error: unknown) => void,
  ) {
    const on = (stream: string, listener: (change: Change) => void): (() => void) =>
      storage.subscribe(stream, listener);
    this.subscriptions = [
      on(TIMELINE_STREAM, (change) => this.timeline(change)),
      on(RESTATED_ROOMS_STREAM, ({ payload }) => this.room((payload as RestatedRoomNews).roomNid)),
      on(RECEIPTS_STREAM, (change) => this.receipt(change)),
      on(TYPING_STREAM, ({ key }) => this.typing(key)),
      on(ACCOUNT_DATA_STREAM, ({ key }) => notifier.wake(key)),
      on(OUT_OF_BAND_STREAM, ({ key }) => notifier.wake(key)),
      on(TO_DEVICE_STREAM, ({ key }) => notifier.wake(key)),
      on(PRESENCE_STREAM, ({ key }) => this.presence(key)),
      on(DEVICE_LISTS_STREAM, ({ key }) => this.friends(key)),
      on(SESSIONS_STREAM, ({ key, payload }) => this.sessionsEnded(key, payload as SessionsEnded)),
    ];
  }

  stop(): void {
    clearTimeout(this.presenceTimer);
    for (const unsubscribe of this.subscriptions) unsubscribe();
  }

  /** A locked account's next request says that it is locked; its sessions are not over. */
  private sessionsEnded(userId: string, { tokenIds, locked }: SessionsEnded): void {
    if (locked === true) this.notifier.release(userId);
    else this.notifier.revoke(userId, tokenIds);
  }

  private timeline({ payload }: Change): void {
    const { event } = payload as TimelineNews;
    // Whoever is invited, removed or banned is not among the joined.
    if (event.type === 'm.room.member' && event.stateKey !== null) this.notifier.wake(event.stateKey);
    this.room(event.roomNid);
  }

  private receipt({ payload }: Change): void {
    const { receipt } = payload as ReceiptNews;
    if (receipt.type === 'm.read.private') this.notifier.wake(receipt.userId);
    else this.room(receipt.roomNid);
  }

  private typing(roomId: string): void {
    if (this.notifier.users.size === 0) return;
    this.deps.roomState
      .info(roomId)
      .then((room) => (room === undefined ? undefined : this.joined(room.nid)))
      .catch(this.onError);
  }

  private room(roomNid: number): void {
    if (this.notifier.users.size === 0) return;
    this.joined(roomNid).catch(this.onError);
  }

  /** Wakes once for all changes of the next moment. */
  private presence(userId: string): void {
    this.present.add(userId);
    this.presenceTimer ??= setTimeout(() => {
      this.presenceTimer = undefined;
      this.wakeFriends([...this.present]).catch(this.onError);
      this.present.clear();
    }, PRESENCE_DELAY_MS).unref();
  }

  /** Each room once, however many of its users changed. */
  private async wakeFriends(userIds: readonly string[]): Promise<void> {
    if (this.notifier.users.size === 0) return;
    const rooms = new Set<number>();
    for (const userId of userIds) {
      this.notifier.wake(userId);
      for (const row of await this.deps.membership.allOf(userId)) if (row.membership === 'join') rooms.add(row.roomNid);
    }
    for (const roomNid of rooms) await this.joined(roomNid);
  }

  /** A user's own clients, and everybody who shares a room with them. */
  private friends(userId: string): void {
    this.wakeFriends([userId]).catch(this.onError);
  }

  private async joined(roomNid: number): Promise<void> {
    this.notifier.wakeAll(await this.deps.membership.joinedLocalUsers({ nid: roomNid }));
  }
}
