import { Arg, Args, Authorized, Ctx, FieldResolver, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { InvalidParamError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { ClientEvent } from '#protocol/events/index';
import { requireRequester, type GraphqlContext } from '../runtime/context';
import type { Cursors } from '../runtime/cursor';
import { pageSize, type Connection, type Edge } from '../runtime/pagination';
import { RoomId } from '../runtime/scalars';
import { refusable, type UserError } from '../runtime/user-error';
import { toRoomEvent } from './event.mapper';
import type { RoomEvent } from './event.type';
import {
  MessageSendInput,
  MessageSendPayload,
  Room,
  RoomEventConnection,
  TimelineItem,
  TimelinePage,
} from './room.type';

/** Cursors of events are good for one room, in its connection and its subscription alike. */
const listOf = (roomId: string): string => `timeline:${roomId}`;

@Resolver(() => Room)
export class TimelineResolver {
  @FieldResolver(() => RoomEventConnection, { description: 'The events of the room, oldest first within a page.' })
  async timeline(
    @Ctx() context: GraphqlContext,
    @Root() room: Room,
    @Args(() => TimelinePage) args: TimelinePage,
  ): Promise<Connection<RoomEvent>> {
    const backwards = isBackwards(args);
    const limit = backwards ? pageSize(args.last, 'last') : pageSize(args.first, 'first');
    const cursor = backwards ? args.before : args.after;
    const eventId =
      cursor == null ? undefined : context.cursors.parse(listOf(room.roomId), cursor, backwards ? 'before' : 'after');
    const { events, more } = await context.domain.rooms.pages.beside(requireRequester(context), room.roomId, {
      eventId,
      dir: backwards ? 'b' : 'f',
      limit,
    });
    const edges = (backwards ? [...events].reverse() : events).map((event) =>
      edge(context.cursors, room.roomId, event),
    );
    return {
      edges,
      pageInfo: {
        hasNextPage: backwards ? cursor != null : more,
        hasPreviousPage: backwards ? more : cursor != null,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }

  @Authorized()
  @Mutation(() => MessageSendPayload, { description: 'Sends an event; the same action as PUT /send.' })
  async messageSend(
    @Ctx() context: GraphqlContext,
    @Arg('input', () => MessageSendInput) input: MessageSendInput,
  ): Promise<MessageSendPayload> {
    const refused = (errors: UserError[]): MessageSendPayload => ({ eventId: null, errors });
    return refusable(refused, async () => {
      const requester = requireRequester(context);
      const { roomId, type, content, transactionId } = input;
      const transaction = transactionId == null ? undefined : transactionKey(requester, input, transactionId);
      return {
        eventId: await context.domain.timeline.send(requester, { roomId, type, content }, transaction),
        errors: [],
      };
    });
  }

  @Authorized()
  @Subscription(() => TimelineItem, {
    name: 'timeline',
    description:
      'The events of a joined room as they come, each once and in order; after a cursor, first what has come since. Ends when the caller leaves the room.',
    subscribe: ({ args, context }: { args: { roomId: string; after?: string | null }; context: GraphqlContext }) =>
      followTimeline(context, args.roomId, args.after),
  })
  timelineItems(
    @Root() item: TimelineItem,
    @Arg('roomId', () => RoomId, { description: 'The room.' }) _roomId: string,
    @Arg('after', () => String, {
      nullable: true,
      description: 'Only what comes after this cursor; from now on when absent.',
    })
    _after?: string | null,
  ): TimelineItem {
    return item;
  }
}

async function* followTimeline(context: GraphqlContext, roomId: string, after: string | null | undefined) {
  const requester = requireRequester(context);
  const eventId = after == null ? undefined : context.cursors.parse(listOf(roomId), after, 'after');
  const stop = new AbortController();
  const unwatch = context.domain.sessions.onEnded(requester.tokenId, () => stop.abort());
  try {
    for await (const event of context.domain.rooms.following.follow(requester, roomId, eventId, stop.signal)) {
      const { cursor, node } = edge(context.cursors, roomId, event);
      yield Object.assign(new TimelineItem(), { cursor, event: node });
    }
  } finally {
    unwatch();
    stop.abort();
  }
}

function edge(cursors: Cursors, roomId: string, event: ClientEvent): Edge<RoomEvent> {
  return { cursor: cursors.print(listOf(roomId), event.event_id), node: toRoomEvent(roomId, event) };
}

function isBackwards({ first, after, last, before }: TimelinePage): boolean {
  const forwards = first != null || after != null;
  const backwards = last != null || before != null;
  if (forwards && backwards) throw new InvalidParamError('last: cannot be combined with first or after');
  return !forwards;
}

/** Scoped as the REST door does, but apart from it: the same id through both doors is two messages. */
function transactionKey({ userId, deviceId, tokenId }: Requester, { roomId, type }: MessageSendInput, txnId: string) {
  return { userId, scope: deviceId ?? `token:${tokenId}`, path: `graphql/messageSend/${roomId}/${type}`, txnId };
}
