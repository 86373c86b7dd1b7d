import { BadJsonError, InvalidParamError } from '#kernel/errors';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { RoomInfo } from '../../room-state';
import type { EventStore } from '../store/event-store.service';
import type { EventDraft } from '../timeline.model';
import type { DraftRule } from '../timeline.ports';

/** What every message must be, whatever the room's rules say. */
export class MessageRules implements DraftRule {
  constructor(private readonly events: EventStore) {}

  /**
   * @throws BadJsonError for an `m.room.message` without texts `msgtype` and `body`
   * @throws InvalidParamError for a thread on an event that relates to another
   */
  async checkDraft(_requester: Requester, room: RoomInfo, { type, stateKey, content }: EventDraft): Promise<void> {
    if (stateKey !== undefined) return;
    if (type === 'm.room.message') checkMessage(content);
    const root = threadRoot(content);
    if (root !== undefined) await this.checkThreadRoot(room, root);
  }

  /** Spec: client-server API, "Threading", validation of `m.thread` relationships. One read, mostly from the cache. */
  private async checkThreadRoot(room: RoomInfo, eventId: string): Promise<void> {
    const root = (await this.events.byIds([eventId])).get(eventId);
    if (root === undefined || root.roomNid !== room.nid) return;
    if (relationOf(root.pdu.content)?.rel_type !== undefined) {
      throw new InvalidParamError('A thread cannot start on an event that relates to another');
    }
  }
}

function checkMessage(content: JsonObject): void {
  for (const key of ['msgtype', 'body']) {
    if (typeof content[key] !== 'string') throw new BadJsonError(`m.room.message needs a text ${key}`);
  }
}

function threadRoot(content: JsonObject): string | undefined {
  const relation = relationOf(content);
  const eventId = relation?.event_id;
  return relation?.rel_type === 'm.thread' && typeof eventId === 'string' ? eventId : undefined;
}

function relationOf(content: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(content)) return undefined;
  const relation = content['m.relates_to'];
  return isJsonObject(relation) ? relation : undefined;
}
