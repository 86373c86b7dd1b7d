import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import type { ClientEvent } from '#protocol/events/index';
import { globalId } from '../runtime/global-id';
import {
  EncryptedEvent,
  MemberEvent,
  MessageEvent,
  PowerLevelsEvent,
  RawEvent,
  ReactionEvent,
  type RoomEvent,
  RoomNameEvent,
} from './event.type';

const text = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null);
const whole = (value: JsonValue | undefined): number | null =>
  typeof value === 'number' && Number.isInteger(value) ? value : null;
const object = (value: JsonValue | undefined): JsonObject | null => (isJsonObject(value) ? value : null);

/** The typed parts of the common event types. */
const typed: Readonly<Record<string, (content: JsonObject) => RoomEvent>> = {
  'm.room.message': (content) =>
    Object.assign(new MessageEvent(), { msgtype: text(content['msgtype']), body: text(content['body']) }),
  'm.room.member': (content) =>
    Object.assign(new MemberEvent(), {
      membership: text(content['membership']),
      displayName: text(content['displayname']),
      reason: text(content['reason']),
    }),
  'm.room.name': (content) => Object.assign(new RoomNameEvent(), { name: text(content['name']) }),
  'm.room.power_levels': (content) =>
    Object.assign(new PowerLevelsEvent(), {
      users: object(content['users']),
      usersDefault: whole(content['users_default']),
    }),
  'm.reaction': (content) => {
    const relation = object(content['m.relates_to']);
    return Object.assign(new ReactionEvent(), {
      key: text(relation?.['key']),
      relatesTo: text(relation?.['event_id']),
    });
  },
  'm.room.encrypted': (content) => Object.assign(new EncryptedEvent(), { algorithm: text(content['algorithm']) }),
};

/** The GraphQL object of an event that `event-views` has prepared for its reader. */
export function toRoomEvent(roomId: string, event: ClientEvent): RoomEvent {
  const make = Object.hasOwn(typed, event.type) ? typed[event.type]! : () => new RawEvent();
  const unsigned = event.unsigned ?? {};
  return Object.assign(make(event.content), {
    id: globalId('Event', event.event_id),
    eventId: event.event_id,
    roomId,
    type: event.type,
    stateKey: event.state_key ?? null,
    sender: event.sender,
    originServerTs: event.origin_server_ts,
    content: event.content,
    unsigned,
    redactedBecause: object(unsigned['redacted_because']),
  });
}
