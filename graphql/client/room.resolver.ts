import { Arg, Args, Authorized, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { RoomInfo } from '#domain/room-state';
import { ForbiddenError } from '#kernel/errors';
import { requireRequester, type GraphqlContext } from '../runtime/context';
import { globalId } from '../runtime/global-id';
import { ForwardPage, forwardPage, pageSize, type Connection } from '../runtime/pagination';
import { RoomId } from '../runtime/scalars';
import { refusable, type UserError } from '../runtime/user-error';
import { toRoomEvent } from './event.mapper';
import { RoomEvent } from './event.type';
import {
  Membership,
  Room,
  RoomConnection,
  RoomCreateInput,
  RoomCreatePayload,
  RoomMember,
  RoomMemberConnection,
} from './room.type';
import { toUser } from './viewer.resolver';

const ROOMS = 'rooms';
const MEMBERS = 'members';

/** The GraphQL object of a room; its other fields are read when they are asked for. */
export const toRoom = (info: RoomInfo): Room =>
  Object.assign(new Room(), {
    info,
    id: globalId('Room', info.roomId),
    roomId: info.roomId,
    version: info.version,
    roomType: info.roomType,
  });

@Resolver(() => Room)
export class RoomResolver {
  @Authorized()
  @Query(() => RoomConnection, { description: 'The rooms that the caller is joined to, in order of room id.' })
  async rooms(@Ctx() context: GraphqlContext, @Args(() => ForwardPage) page: ForwardPage): Promise<Connection<Room>> {
    const { domain, cursors } = context;
    const size = pageSize(page.first);
    const after = page.after == null ? '' : cursors.parse(ROOMS, page.after, 'after');
    const joined = await domain.membership.joinedRooms(requireRequester(context).userId);
    const ids = joined.filter((roomId) => roomId > after).sort((a, b) => (a < b ? -1 : 1));
    const infos = await Promise.all(ids.slice(0, size + 1).map((roomId) => domain.roomState.info(roomId)));
    const known = infos.filter((info) => info !== undefined);
    return forwardPage(known, size, page.after, (info) => ({
      cursor: cursors.print(ROOMS, info.roomId),
      node: toRoom(info),
    }));
  }

  @Authorized()
  @Query(() => Room, {
    nullable: true,
    description: 'A room that the caller may read; FORBIDDEN also when there is none.',
  })
  async room(@Ctx() context: GraphqlContext, @Arg('roomId', () => RoomId) roomId: string): Promise<Room> {
    const { room } = await context.domain.rooms.access.reach(requireRequester(context), roomId);
    return toRoom(room);
  }

  @FieldResolver(() => String, { nullable: true, description: 'The name of the room, if it has one.' })
  async name(@Ctx() context: GraphqlContext, @Root() room: Room): Promise<string | null> {
    return this.stateText(context, room, 'm.room.name', 'name');
  }

  @FieldResolver(() => String, { nullable: true, description: 'The topic of the room, if it has one.' })
  async topic(@Ctx() context: GraphqlContext, @Root() room: Room): Promise<string | null> {
    return this.stateText(context, room, 'm.room.topic', 'topic');
  }

  @FieldResolver(() => String, { nullable: true, description: 'The main alias of the room, if it has one.' })
  async canonicalAlias(@Ctx() context: GraphqlContext, @Root() room: Room): Promise<string | null> {
    return this.stateText(context, room, 'm.room.canonical_alias', 'alias');
  }

  @FieldResolver(() => Int, { description: 'How many users are joined.' })
  async joinedMemberCount(@Ctx() { domain }: GraphqlContext, @Root() room: Room): Promise<number> {
    return (await domain.membership.counts(room.info)).joined;
  }

  @FieldResolver(() => RoomMemberConnection, { description: 'The members, in order of user id.' })
  async members(
    @Ctx() context: GraphqlContext,
    @Root() room: Room,
    @Args(() => ForwardPage) page: ForwardPage,
    @Arg('membership', () => Membership, { nullable: true, description: 'Only these; all kinds when absent.' })
    membership?: Membership | null,
  ): Promise<Connection<RoomMember>> {
    const { domain, cursors } = context;
    const size = pageSize(page.first);
    const after = page.after == null ? undefined : cursors.parse(MEMBERS, page.after, 'after');
    const query = { membership: membership ?? undefined, after, limit: size + 1 };
    const rows = await domain.rooms.reading.memberPage(requireRequester(context), room.roomId, query);
    return forwardPage(rows, size, page.after, (row) => ({
      cursor: cursors.print(MEMBERS, row.userId),
      node: Object.assign(new RoomMember(), {
        user: toUser(row.userId),
        membership: row.membership as Membership,
        eventId: row.eventId,
      }),
    }));
  }

  @FieldResolver(() => [RoomEvent], { description: 'The state of the room, or its entries of one type.' })
  async state(
    @Ctx() context: GraphqlContext,
    @Root() room: Room,
    @Arg('type', () => String, { nullable: true, description: 'Only state of this type.' }) type?: string | null,
  ): Promise<RoomEvent[]> {
    const events = await context.domain.rooms.reading.state(requireRequester(context), room.roomId);
    return events
      .filter((event) => type == null || event.type === type)
      .map((event) => toRoomEvent(room.roomId, event));
  }

  @Authorized()
  @Mutation(() => RoomCreatePayload, { description: 'Creates a room; the same action as POST /createRoom.' })
  async roomCreate(
    @Ctx() context: GraphqlContext,
    @Arg('input', () => RoomCreateInput) input: RoomCreateInput,
  ): Promise<RoomCreatePayload> {
    const refused = (errors: UserError[]): RoomCreatePayload => ({ room: null, errors });
    return refusable(refused, async () => {
      const roomId = await context.domain.rooms.create(requireRequester(context), {
        preset: input.preset,
        visibility: input.public ? 'public' : 'private',
        name: input.name ?? undefined,
        topic: input.topic ?? undefined,
        room_alias_name: input.aliasLocalpart ?? undefined,
        invite: input.invite ?? undefined,
        room_version: input.version ?? undefined,
      });
      const info = await context.domain.roomState.info(roomId);
      return { room: toRoom(info!), errors: [] };
    });
  }

  /** A text of one state event, for those who may read the room's state. */
  private async stateText(context: GraphqlContext, room: Room, type: string, key: string): Promise<string | null> {
    const { reading } = context.domain.rooms;
    const event = await reading
      .findStateEvent(requireRequester(context), room.roomId, type, '')
      .catch((error: unknown) => {
        if (error instanceof ForbiddenError) return undefined;
        throw error;
      });
    const text = event?.content[key];
    return typeof text === 'string' && text !== '' ? text : null;
  }
}
