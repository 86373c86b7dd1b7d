import { Arg, Args, Authorized, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { RoomInfo } from '#domain/room-state';
import type { StoredEvent } from '#domain/timeline';
import { requireRequester, type GraphqlContext } from '../runtime/context';
import { globalId } from '../runtime/global-id';
import { ForwardPage, forwardPage, pageSize, type Connection } from '../runtime/pagination';
import { RoomId } from '../runtime/scalars';
import { refusable } from '../runtime/user-error';
import { toRoomEvent } from './event.mapper';
import { RoomEvent } from './event.type';
import {
  Membership,
  MessageSendInput,
  MessageSendPayload,
  Room,
  RoomConnection,
  RoomCreateInput,
  RoomCreatePayload,
  RoomEventConnection,
  RoomMember,
  RoomMemberConnection,
  TimelinePage,
} from './room.type';
import { timelinePage } from './timeline.page';
import { toUser } from './viewer.resolver';

export const toRoom = (info: RoomInfo): Room =>
  Object.assign(new Room(), {
    info,
    id: globalId('Room', info.roomId),
    roomId: info.roomId,
    version: info.version,
    roomType: info.roomType,
  });
