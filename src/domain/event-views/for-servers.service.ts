import { ForbiddenError, NotFoundError } from '#kernel/errors';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import type { Direction, StoredEvent, Timeline } from '../timeline';
import type {
  FederationReading,
  JoinState,
  MissingEventsQuery,
  OutgoingEvent,
  StateIdsWithChain,
  StateWithChain,
} from './federation-reads.model';
import { ServerStates } from './server-states.service';
import { ServerVisibility } from './server-visibility.service';

const MAX_BACKFILL = 100;
const MAX_MISSING = 20;
/** Events from which one request may have a walk begin. */
const MAX_STARTS = 20;

export interface ForServersParts {
  readonly serverName: string;
  readonly rooms: Pick<RoomState, 'info' | 'atAll' | 'atEach'>;
  readonly timeline: Pick<Timeline, 'graph' | 'events' | 'partialStates'>;
  readonly membership: Pick<Membership, 'servers' | 'heroes'>;
}

/** What other servers read of rooms; the only way in which events leave for them. SECURITY: rows 5, 23, 28. */
export class ForServers implements FederationReading {
  private readonly states: ServerStates;
  private readonly visibility: ServerVisibility;

  constructor(private readonly parts: ForServersParts) {
    this.states = new ServerStates(parts);
    this.visibility = new ServerVisibility(parts.rooms, parts.timeline);
  }

  async room(server: string, roomId: string, { inRoom = true } = {}): Promise<RoomInfo> {
    const room = await this.parts.rooms.info(roomId);
    if (room === undefined) throw inRoom ? notInRoom() : new NotFoundError('Unknown room');
    if (!(await this.parts.timeline.graph.allows(room, server)))
      throw new ForbiddenError('The server is denied by the ACL of the room');
    if (inRoom && !(await this.parts.membership.servers.has(room, server))) throw notInRoom();
    return room;
  }

  async event(server: string, eventId: string): Promise<OutgoingEvent> {
    const found = await this.parts.timeline.graph.find(eventId);
    const room = found && (await this.parts.rooms.info(found.event.roomId));
    // Strangers to the room, and whom it shuts out, learn nothing, not even whether the event exists.
    if (found === undefined || room === undefined || !(await this.isAdmitted(server, room))) throw unknownEvent();
    return (await this.visibleToServer(server, room, [found.event]))[0]!;
  }

  async state(server: string, roomId: string, eventId: string): Promise<StateWithChain> {
    const room = await this.room(server, roomId);
    return this.states.before(room, await this.eventWithState(room, eventId));
  }

  async stateIds(server: string, roomId: string, eventId: string): Promise<StateIdsWithChain> {
    const room = await this.room(server, roomId);
    return this.states.idsBefore(await this.eventWithState(room, eventId));
  }

  async joinState(join: StoredEvent, { omitMembers }: { readonly omitMembers: boolean }): Promise<JoinState> {
    const room = (await this.parts.rooms.info(join.roomId))!;
    return this.states.beforeJoin(room, join, omitMembers);
  }

  async eventAuth(server: string, roomId: string, eventId: string): Promise<OutgoingEvent[]> {
    const room = await this.room(server, roomId);
    return this.states.authChainOf(room, (await this.find(room, eventId)).event);
  }

  async missingEvents(server: string, roomId: string, query: MissingEventsQuery): Promise<OutgoingEvent[]> {
    const room = await this.room(server, roomId);
    const limit = Math.min(Math.max(query.limit, 0), MAX_MISSING);
    const latest = query.latest.slice(0, MAX_STARTS);
    const options = {
      earliest: query.earliest.slice(0, MAX_STARTS),
      limit,
      minDepth: query.minDepth,
      inclusive: false,
    };
    const found = await this.parts.timeline.graph.before(room, latest, options);
    return this.visibleToServer(server, room, found.reverse());
  }

  async backfill(server: string, roomId: string, eventIds: readonly string[], limit: number): Promise<OutgoingEvent[]> {
    const room = await this.room(server, roomId);
    const options = { earliest: [], limit: Math.min(Math.max(limit, 1), MAX_BACKFILL), minDepth: 0, inclusive: true };
    const found = await this.parts.timeline.graph.before(room, eventIds.slice(0, MAX_STARTS), options);
    return this.visibleToServer(server, room, found);
  }

  async timestampToEvent(server: string, roomId: string, ts: number, direction: Direction): Promise<OutgoingEvent> {
    const room = await this.room(server, roomId);
    const nearest = await this.parts.timeline.graph.nearestTo(room, { ts, direction });
    if (nearest === undefined) throw new NotFoundError('No event in that direction');
    return nearest;
  }

  visibleToServer(server: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<OutgoingEvent[]> {
    return this.visibility.shown(server, room, events);
  }

  /** Whether a server is in a room that does not shut it out. */
  private async isAdmitted(server: string, room: RoomInfo): Promise<boolean> {
    const { membership, timeline } = this.parts;
    return (await membership.servers.has(room, server)) && timeline.graph.allows(room, server);
  }

  /** An event of the room before which the whole state is known. */
  private async eventWithState(room: RoomInfo, eventId: string): Promise<StoredEvent> {
    const { event, inGraph } = await this.find(room, eventId);
    if (!inGraph || (await this.parts.timeline.partialStates.isPartial(room))) throw unknownEvent();
    return event;
  }

  private async find(room: RoomInfo, eventId: string) {
    const found = await this.parts.timeline.graph.find(eventId);
    if (found === undefined || found.event.roomNid !== room.nid) throw unknownEvent();
    return found;
  }
}

const notInRoom = (): ForbiddenError => new ForbiddenError('The server is not in the room');
const unknownEvent = (): NotFoundError => new NotFoundError('Event not found');
