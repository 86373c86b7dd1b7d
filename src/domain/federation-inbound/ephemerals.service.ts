import { isValidUserId, serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { ownObject, ownString, ownValue } from '#protocol/json-access';
import type { Membership } from '../membership';
import type { Presence, PresenceName } from '../presence';
import type { Receipts } from '../receipts';
import type { RoomState } from '../room-state';
import type { Typing } from '../typing';
import type { RoomAcls } from './federation-inbound.ports';

/** Users that the EDUs of one transaction may tell something of; honest servers tell of fewer. SECURITY: row 32. */
const MAX_ENTRIES = 1_000;
const PRESENCES: ReadonlySet<string> = new Set(['online', 'unavailable', 'offline']);

export interface EphemeralsParts {
  readonly rooms: Pick<RoomState, 'info'>;
  readonly membership: Pick<Membership, 'of' | 'joinedRooms'>;
  readonly acls: RoomAcls;
  readonly typing: Pick<Typing, 'receive'>;
  readonly receipts: Pick<Receipts, 'receive'>;
  readonly presence: Pick<Presence, 'receive'>;
  readonly onError: (error: unknown) => void;
}

/** How many entries may still be looked at: each asks the database. */
interface Allowance {
  left: number;
}

/**
 * What passes between servers without being kept: typing, receipts, presence. A server speaks only for its own users, in
 * rooms that they are in and that do not shut the server out; everything else in an EDU is ignored, and so are EDUs of
 * types unknown. Spec: server-server, "EDUs". SECURITY: rows 10, 32, 50.
 */
export class Ephemerals {
  constructor(private readonly parts: EphemeralsParts) {}

  /** Takes what one transaction brings. Never rejects. */
  async receive(origin: string, edus: readonly JsonValue[]): Promise<void> {
    const allowance = { left: MAX_ENTRIES };
    for (const edu of edus) await this.take(origin, edu, allowance).catch(this.parts.onError);
  }

  private async take(origin: string, edu: JsonValue, allowance: Allowance): Promise<void> {
    if (!isJsonObject(edu)) return;
    const content = ownObject(edu, 'content');
    if (content === undefined) return;
    switch (ownString(edu, 'edu_type')) {
      case 'm.typing':
        return this.typing(origin, content);
      case 'm.receipt':
        return this.receipts(origin, content, allowance);
      case 'm.presence':
        return this.presence(origin, content, allowance);
    }
  }

  private async typing(origin: string, content: JsonObject): Promise<void> {
    const roomId = ownString(content, 'room_id');
    const userId = ownString(content, 'user_id');
    if (roomId === undefined || userId === undefined) return;
    if (!(await this.speaksFor(origin, userId, roomId))) return;
    this.parts.typing.receive(roomId, userId, ownValue(content, 'typing') === true);
  }

  private async receipts(origin: string, content: JsonObject, allowance: Allowance): Promise<void> {
    for (const roomId of Object.keys(content)) {
      const read = ownObject(ownObject(content, roomId), 'm.read');
      for (const userId of Object.keys(read ?? {})) {
        if (allowance.left-- <= 0) return;
        const receipt = readReceipt(ownValue(read, userId));
        if (receipt === undefined || !(await this.speaksFor(origin, userId, roomId))) continue;
        await this.parts.receipts.receive({ roomId, userId, ...receipt });
      }
    }
  }

  private async presence(origin: string, content: JsonObject, allowance: Allowance): Promise<void> {
    const pushed = ownValue(content, 'push');
    for (const entry of Array.isArray(pushed) ? pushed : []) {
      if (allowance.left-- <= 0) return;
      if (!isJsonObject(entry)) continue;
      const userId = ownString(entry, 'user_id');
      const presence = ownString(entry, 'presence');
      if (userId === undefined || presence === undefined || !PRESENCES.has(presence)) continue;
      if (!isUserOf(origin, userId) || (await this.parts.membership.joinedRooms(userId)).length === 0) continue;
      const ago = ownValue(entry, 'last_active_ago');
      this.parts.presence.receive({
        userId,
        presence: presence as PresenceName,
        statusMsg: ownString(entry, 'status_msg') ?? null,
        lastActiveAgoMs: wholeNumber(ago),
        isActive: ownValue(entry, 'currently_active') === true,
      });
    }
  }

  /** Whether the user is the server's, joined to the room, and the room lets the server in. */
  private async speaksFor(origin: string, userId: string, roomId: string): Promise<boolean> {
    if (!isUserOf(origin, userId)) return false;
    const room = await this.parts.rooms.info(roomId);
    if (room === undefined || !(await this.parts.acls.allows(room, origin))) return false;
    return (await this.parts.membership.of(userId, roomId))?.membership === 'join';
  }
}

function isUserOf(server: string, userId: string): boolean {
  return isValidUserId(userId) && serverNameOf(userId) === server;
}

function readReceipt(value: JsonValue | undefined): { eventId: string; threadId?: string; ts: number } | undefined {
  if (!isJsonObject(value)) return undefined;
  const ids = ownValue(value, 'event_ids');
  // A list, of which nobody has ever sent more than one.
  const eventId = Array.isArray(ids) ? ids.at(-1) : undefined;
  if (typeof eventId !== 'string') return undefined;
  const data = ownObject(value, 'data');
  const ts = ownValue(data, 'ts');
  const threadId = ownString(data, 'thread_id');
  return {
    eventId,
    ts: wholeNumber(ts),
    ...(threadId === undefined || threadId === '' ? {} : { threadId }),
  };
}

/** Zero for what is no count of milliseconds. */
function wholeNumber(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
