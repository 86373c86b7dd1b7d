import type { GraphQLSchema } from 'graphql';
import { buildSchema } from '../runtime/build-schema';
import {
  EncryptedEvent,
  MemberEvent,
  MessageEvent,
  PowerLevelsEvent,
  RawEvent,
  ReactionEvent,
  RoomNameEvent,
} from './event.type';
import { RoomResolver } from './room.resolver';
import { TimelineResolver } from './timeline.resolver';
import { UserResolver } from './viewer.resolver';

const eventTypes = [
  MessageEvent,
  MemberEvent,
  RoomNameEvent,
  PowerLevelsEvent,
  ReactionEvent,
  EncryptedEvent,
  RawEvent,
];

/** The client schema, served at `/_trellis/graphql`. */
export const clientSchema = (): GraphQLSchema =>
  buildSchema([UserResolver, RoomResolver, TimelineResolver], eventTypes);
