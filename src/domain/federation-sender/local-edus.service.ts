import { serverNameOf } from '#kernel/ids';
import type { Change, Storage } from '#platform/storage/storage';
import type { Membership } from '../membership';
import { PRESENCE_STREAM, presenceContent, type PresenceState } from '../presence';
import { RECEIPTS_STREAM, type ReceiptNews } from '../receipts';
import type { RoomInfo, RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import { TYPING_STREAM, type Typing } from '../typing';
import type { LocalEdu } from './edu-buffer.model';
import { receiptEdus } from './receipt-edus.model';

/** Rooms of a user whose servers hear of their presence. */
const MAX_ROOMS = 500;

export interface LocalEdusParts {
  readonly serverName: string;
  readonly storage: Pick<Storage, 'subscribe'>;
  readonly rooms: Pick<RoomState, 'info' | 'infoByNid'>;
  readonly membership: Pick<Membership, 'servers' | 'allOf'>;
  readonly timeline: Pick<Timeline, 'graph'>;
  readonly typing: Pick<Typing, 'current'>;
  readonly allows: (server: string) => boolean;
  readonly send: (destination: string, edu: LocalEdu) => void;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Tells other servers what our users type, have read (never privately) and whether they are there. Spec: "EDUs". */
export class LocalEdus {
  /** Those of our users whom others believe to be typing, by room id. */
  private readonly toldTyping = new Map<string, ReadonlySet<string>>();
  private readonly subscriptions: (() => void)[];

  constructor(private readonly parts: LocalEdusParts) {
    const on = (stream: string, listener: (change: Change) => Promise<void>) =>
      parts.storage.subscribe(stream, (change) => void listener(change).catch(parts.onError));
    this.subscriptions = [
      on(TYPING_STREAM, ({ key }) => this.typing(key)),
      on(RECEIPTS_STREAM, ({ payload }) => this.receipt(payload as ReceiptNews)),
      on(PRESENCE_STREAM, ({ payload }) => this.presence(payload as PresenceState)),
    ];
  }

  stop(): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
  }

  private async typing(roomId: string): Promise<void> {
    const told = this.toldTyping.get(roomId) ?? new Set<string>();
    const current = new Set(this.parts.typing.current(roomId).filter((userId) => this.isOurs(userId)));
    const changed = [...new Set([...told, ...current])].filter((userId) => told.has(userId) !== current.has(userId));
    if (changed.length === 0) return;
    if (current.size === 0) this.toldTyping.delete(roomId);
    else this.toldTyping.set(roomId, current);
    const room = await this.parts.rooms.info(roomId);
    if (room === undefined) return;
    for (const userId of changed) {
      const content = { room_id: roomId, user_id: userId, typing: current.has(userId) };
      const make = () => ({ edu_type: 'm.typing', content });
      this.tell(await this.audience(room), { subject: `typing ${roomId} ${userId}`, make });
    }
  }

  private async receipt({ receipt }: ReceiptNews): Promise<void> {
    const { type, userId, roomNid, threadId, ts } = receipt;
    if (type !== 'm.read' || !this.isOurs(userId)) return;
    const room = (await this.parts.rooms.infoByNid([roomNid])).get(roomNid);
    if (room === undefined) return;
    const [edu] = receiptEdus([{ ...receipt, roomId: room.roomId }]);
    const subject = `receipt ${room.roomId} ${userId} ${threadId ?? ''}`;
    this.tell(await this.audience(room), { subject, make: () => edu!, receipt: { roomNid, since: ts } });
  }

  private async presence(state: PresenceState): Promise<void> {
    const { userId } = state;
    if (!this.isOurs(userId)) return;
    const joined = (await this.parts.membership.allOf(userId)).filter((member) => member.membership === 'join');
    const servers = new Set<string>();
    for (const { roomNid } of joined.slice(0, MAX_ROOMS)) {
      for (const server of await this.parts.membership.servers.of({ nid: roomNid })) servers.add(server);
    }
    const push = () => [{ user_id: userId, last_active_ago: 0, ...presenceContent(state, this.parts.now()) }];
    const make = () => ({ edu_type: 'm.presence', content: { push: push() } });
    this.tell(servers, { subject: `presence ${userId}`, make });
  }

  /** The servers in a room but those that its ACL shuts out. Spec: server-server, "Server Access Control Lists". */
  private async audience(room: RoomInfo): Promise<string[]> {
    const servers = await this.parts.membership.servers.of(room);
    const allowed = await Promise.all(servers.map((server) => this.parts.timeline.graph.allows(room, server)));
    return servers.filter((_server, index) => allowed[index]);
  }

  private tell(servers: Iterable<string>, edu: LocalEdu): void {
    for (const server of servers) if (this.parts.allows(server)) this.parts.send(server, edu);
  }

  private isOurs(userId: string): boolean {
    return serverNameOf(userId) === this.parts.serverName;
  }
}
