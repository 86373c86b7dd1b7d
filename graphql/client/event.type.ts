import { Field, ID, InterfaceType, Int, ObjectType } from 'type-graphql';
import type { JsonObject } from '#kernel/json';
import { EventId, JSONObject, MatrixUserId, RoomId, TimestampMs } from '../runtime/scalars';

/** An event as its reader may see it: already filtered by visibility, redacted, with `unsigned` filled in. */
@InterfaceType({
  description: 'An event of a room. `content` is always whole; the typed members name the common parts of it.',
  resolveType: (event: RoomEvent) => event.constructor.name,
})
export abstract class RoomEvent {
  @Field(() => ID, { description: 'Global id.' })
  id!: string;

  @Field(() => EventId, { description: 'The Matrix event id.' })
  eventId!: string;

  @Field(() => RoomId, { description: 'The room it belongs to.' })
  roomId!: string;

  @Field(() => String, { description: 'The event type, as `m.room.message`.' })
  type!: string;

  @Field(() => String, { nullable: true, description: 'The state key; null for events that are not state.' })
  stateKey!: string | null;

  @Field(() => MatrixUserId, { description: 'Who sent it.' })
  sender!: string;

  @Field(() => TimestampMs, { description: 'When its sender says it was sent.' })
  originServerTs!: number;

  @Field(() => JSONObject, { description: 'The content, redacted where a redaction is in force.' })
  content!: JsonObject;

  @Field(() => JSONObject, {
    description: 'What this server adds: age, transaction id, previous content, aggregations.',
  })
  unsigned!: JsonObject;

  @Field(() => JSONObject, { nullable: true, description: 'The redaction event, when this event was redacted.' })
  redactedBecause!: JsonObject | null;
}

@ObjectType({ implements: RoomEvent, description: 'A message, `m.room.message`.' })
export class MessageEvent extends RoomEvent {
  @Field(() => String, { nullable: true, description: 'The kind of message, as `m.text`.' })
  msgtype!: string | null;

  @Field(() => String, { nullable: true, description: 'The plain text.' })
  body!: string | null;
}

@ObjectType({ implements: RoomEvent, description: 'A change of somebody’s membership, `m.room.member`.' })
export class MemberEvent extends RoomEvent {
  @Field(() => String, { nullable: true, description: 'join, invite, knock, leave or ban.' })
  membership!: string | null;

  @Field(() => String, { nullable: true, description: 'The display name at that time.' })
  displayName!: string | null;

  @Field(() => String, { nullable: true, description: 'The reason that was given.' })
  reason!: string | null;
}

@ObjectType({ implements: RoomEvent, description: 'The name of a room, `m.room.name`.' })
export class RoomNameEvent extends RoomEvent {
  @Field(() => String, { nullable: true, description: 'The name.' })
  name!: string | null;
}

@ObjectType({ implements: RoomEvent, description: 'The power levels of a room, `m.room.power_levels`.' })
export class PowerLevelsEvent extends RoomEvent {
  @Field(() => JSONObject, { nullable: true, description: 'Levels by user id.' })
  users!: JsonObject | null;

  @Field(() => Int, { nullable: true, description: 'The level of everybody else.' })
  usersDefault!: number | null;
}

@ObjectType({ implements: RoomEvent, description: 'A reaction, `m.reaction`.' })
export class ReactionEvent extends RoomEvent {
  @Field(() => String, { nullable: true, description: 'The reaction itself, usually an emoji.' })
  key!: string | null;

  @Field(() => EventId, { nullable: true, description: 'The event it reacts to.' })
  relatesTo!: string | null;
}

@ObjectType({
  implements: RoomEvent,
  description: 'An encrypted event, `m.room.encrypted`; only its devices can read it.',
})
export class EncryptedEvent extends RoomEvent {
  @Field(() => String, { nullable: true, description: 'The algorithm.' })
  algorithm!: string | null;
}

@ObjectType({ implements: RoomEvent, description: 'Any other event.' })
export class RawEvent extends RoomEvent {}
