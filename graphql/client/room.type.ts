import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { RoomInfo } from '#domain/room-state';
import type { JsonObject } from '#kernel/json';
import { connectionType } from '../runtime/pagination';
import { EventId, JSONObject, MatrixUserId, RoomId } from '../runtime/scalars';
import { UserError } from '../runtime/user-error';
import { RoomEvent } from './event.type';
import { User } from './user.type';

export enum Membership {
  JOIN = 'join',
  INVITE = 'invite',
  KNOCK = 'knock',
  LEAVE = 'leave',
  BAN = 'ban',
}
registerEnumType(Membership, { name: 'Membership', description: 'How a user stands to a room.' });

export enum RoomPreset {
  PRIVATE_CHAT = 'private_chat',
  TRUSTED_PRIVATE_CHAT = 'trusted_private_chat',
  PUBLIC_CHAT = 'public_chat',
}
registerEnumType(RoomPreset, {
  name: 'RoomPreset',
  description: 'The sets of initial state that the specification names.',
});

@ObjectType({ description: 'A member of a room.' })
export class RoomMember {
  @Field(() => User, { description: 'The user.' })
  user!: User;

  @Field(() => Membership, { description: 'How they stand to the room.' })
  membership!: Membership;

  @Field(() => EventId, { description: 'The member event that says so.' })
  eventId!: string;
}

@ObjectType({ description: 'A room, seen by one of its members.' })
export class Room {
  /** Not a field: what the field resolvers work on. */
  info!: RoomInfo;

  @Field(() => ID, { description: 'Global id.' })
  id!: string;

  @Field(() => RoomId, { description: 'The Matrix room id.' })
  roomId!: string;

  @Field(() => String, { description: 'The room version.' })
  version!: string;

  @Field(() => String, { nullable: true, description: 'The type of the room, as `m.space`.' })
  roomType!: string | null;
}

export const RoomConnection = connectionType<Room>('Room', () => Room);
export const RoomMemberConnection = connectionType<RoomMember>('RoomMember', () => RoomMember);
export const RoomEventConnection = connectionType<RoomEvent>('RoomEvent', () => RoomEvent as never);

@ArgsType()
export class TimelinePage {
  @Field(() => Int, { nullable: true, description: 'How many events after `after`, oldest first; 1 to 100.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only events after this cursor.' })
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many events before `before`, the newest of them last; 1 to 100.',
  })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'Only events before this cursor.' })
  before?: string | null;
}

@InputType({ description: 'A message or other event to send.' })
export class MessageSendInput {
  @Field(() => RoomId, { description: 'The room.' })
  roomId!: string;

  @Field(() => String, { defaultValue: 'm.room.message', description: 'The event type.' })
  type!: string;

  @Field(() => JSONObject, { description: 'The content.' })
  content!: JsonObject;

  @Field(() => String, { nullable: true, description: 'Makes a repeated request give the first answer.' })
  transactionId?: string | null;
}

@ObjectType({ description: 'The outcome of `messageSend`.' })
export class MessageSendPayload {
  @Field(() => EventId, { nullable: true, description: 'The new event; null when there are errors.' })
  eventId!: string | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  errors!: UserError[];
}

@InputType({ description: 'A room to create.' })
export class RoomCreateInput {
  @Field(() => RoomPreset, { defaultValue: RoomPreset.PRIVATE_CHAT, description: 'The initial rules of the room.' })
  preset!: RoomPreset;

  @Field(() => String, { nullable: true, description: 'Its name.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Its topic.' })
  topic?: string | null;

  @Field(() => String, { nullable: true, description: 'The localpart of its alias on this server.' })
  aliasLocalpart?: string | null;

  @Field(() => [MatrixUserId], { nullable: true, description: 'Whom to invite.' })
  invite?: string[] | null;

  @Field(() => String, { nullable: true, description: 'The room version; the server’s default when absent.' })
  version?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether the room directory lists it.' })
  public!: boolean;
}

@ObjectType({ description: 'The outcome of `roomCreate`.' })
export class RoomCreatePayload {
  @Field(() => Room, { nullable: true, description: 'The new room; null when there are errors.' })
  room!: Room | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  errors!: UserError[];
}

@ObjectType({ description: 'One event of the live timeline.' })
export class TimelineItem {
  @Field(() => String, { description: 'Pass as `after` to go on behind this event, also on another connection.' })
  cursor!: string;

  @Field(() => RoomEvent as never, { description: 'The event.' })
  event!: RoomEvent;
}
