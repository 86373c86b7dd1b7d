import { ForbiddenError, NotFoundError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import { roomVersion } from '#protocol/room-versions';
import { authTypesFor } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import type { Membership } from '../membership';
import { stateMapKey, type RoomInfo, type RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { readable } from './event-form.service';
import type {
  FederationReading,
  MissingEventsQuery,
  OutgoingEvent,
  StateIdsWithChain,
  StateWithChain,
} from './federation-reads.model';
import type { ServerVisibility } from './server-visibility.service';

const MAX_MISSING = 20;
const MAX_BACKFILL = 100;
/** Ids that a server may name at once. */
const MAX_NAMED = 50;

export interface FederationReadsParts {
  readonly serverName: string;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly membership: Pick<Membership, 'servers' | 'joinedLocalUsers'>;
  readonly visibility: ServerVisibility;
}

/** What other servers read of rooms: only what is of the room they named, and only as they may see it. */
export class FederationReads implements FederationReading {
  constructor(private readonly parts: FederationReadsParts) {}

  async room(server: string, roomId: string, { inRoom = true }: { readonly inRoom?: boolean } = {}): Promise<RoomInfo> {
    const room = await this.parts.roomState.info(roomId);
    if (room === undefined) throw new NotFoundError('Unknown room');
    if (!(await this.parts.timeline.graph.allows(room, server))) {
      throw new ForbiddenError('Your server is not allowed in this room');
    }
    if (inRoom && !(await this.parts.membership.servers.has(room, server))) {
      throw new ForbiddenError('Your server is not in this room');
    }
    return room;
  }

  async event(server: string, eventId: string): Promise<OutgoingEvent> {
    const found = await this.parts.timeline.graph.find(eventId);
    const room = found && (await this.parts.roomState.infoByNid([found.event.roomNid])).get(found.event.roomNid);
    // Unknown, and not for this server: the same answer.
    const isIn = room !== undefined && (await this.parts.membership.servers.has(room, server));
    if (found === undefined || room === undefined || !isIn) throw new NotFoundError('Event not found');
    const [event] = await this.visibleToServer(server, room, [found.event]);
    return event!;
  }

  async state(server: string, roomId: string, eventId: string): Promise<StateWithChain> {
    const { room, event } = await this.find(server, roomId, eventId);
    const { state, authChain } = await this.parts.timeline.graph.stateBefore(event);
    return { state: await this.outgoing(room, state), authChain: await this.outgoing(room, authChain) };
  }

  async stateIds(server: string, roomId: string, eventId: string): Promise<StateIdsWithChain> {
    const { event } = await this.find(server, roomId, eventId);
    const { state, authChain } = await this.parts.timeline.graph.stateBefore(event);
    const { graph } = this.parts.timeline;
    return { stateIds: await graph.idsOf(state), authChainIds: await graph.idsOf(authChain) };
  }

  async joinState(
    join: StoredEvent,
    { omitMembers }: { readonly omitMembers: boolean },
  ): Promise<StateWithChain & { readonly serversInRoom: readonly string[] }> {
    const room = (await this.parts.roomState.infoByNid([join.roomNid])).get(join.roomNid)!;
    const entries = await this.parts.roomState.atAll(join.snapshotBefore);
    const kept = omitMembers ? this.needed(room, join) : undefined;
    const shown = entries.filter(
      ({ type, stateKey }) => kept === undefined || type !== 'm.room.member' || kept.has(stateMapKey(type, stateKey)),
    );
    const state = shown.map((entry) => entry.eventNid);
    const inState = new Set(state);
    const chain = await this.parts.timeline.graph.authChain(state);
    // With members left out, what is among the state need not come twice.
    const authChain = omitMembers ? chain.filter((nid) => !inState.has(nid)) : chain;
    const servers = await this.parts.membership.servers.of(room);
    return {
      state: await this.outgoing(room, state),
      authChain: await this.outgoing(room, authChain),
      serversInRoom: [this.parts.serverName, ...servers],
    };
  }

  async eventAuth(server: string, roomId: string, eventId: string): Promise<OutgoingEvent[]> {
    const { room, event } = await this.find(server, roomId, eventId);
    const pdu = event.pdu as Pdu;
    const authIds = (pdu.auth_events as (string | [string])[]).map((one) => (Array.isArray(one) ? one[0] : one));
    return this.outgoing(room, await this.parts.timeline.graph.authChainOf(authIds));
  }

  async missingEvents(server: string, roomId: string, query: MissingEventsQuery): Promise<OutgoingEvent[]> {
    const room = await this.room(server, roomId);
    const limit = Math.max(0, Math.min(query.limit, MAX_MISSING));
    const events = await this.parts.timeline.graph.before(room, query.latest.slice(0, MAX_NAMED), {
      earliest: query.earliest.slice(0, MAX_NAMED),
      minDepth: query.minDepth,
      limit,
      inclusive: false,
    });
    return this.visibleToServer(server, room, events.reverse());
  }

  async backfill(server: string, roomId: string, eventIds: readonly string[], limit: number): Promise<OutgoingEvent[]> {
    const room = await this.room(server, roomId);
    const events = await this.parts.timeline.graph.before(room, eventIds.slice(0, MAX_NAMED), {
      earliest: [],
      minDepth: 0,
      limit: Math.max(1, Math.min(limit, MAX_BACKFILL)),
      inclusive: true,
    });
    return this.visibleToServer(server, room, events);
  }

  async timestampToEvent(server: string, roomId: string, ts: number, direction: 'b' | 'f'): Promise<OutgoingEvent> {
    const room = await this.room(server, roomId);
    const [nearest] = await this.parts.timeline.graph.nearestTo(room, ts, direction);
    if (nearest === undefined) throw new NotFoundError('There is no such event');
    const [event] = await this.visibleToServer(server, room, [nearest]);
    return event!;
  }

  visibleToServer(server: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<OutgoingEvent[]> {
    return this.parts.visibility.visibleToServer(server, room, events);
  }

  /** An event of the room that was named; one of another room is like an unknown one. SECURITY: row 28. */
  private async find(
    server: string,
    roomId: string,
    eventId: string,
  ): Promise<{ readonly room: RoomInfo; readonly event: StoredEvent }> {
    const room = await this.room(server, roomId);
    const found = await this.parts.timeline.graph.find(eventId);
    if (found === undefined || !found.inGraph || found.event.roomNid !== room.nid) {
      throw new NotFoundError('Event not found');
    }
    return { room, event: found.event };
  }

  /** State and authority, which a server in the room may have; redactions are in force there too. */
  private async outgoing(room: RoomInfo, nids: readonly number[]): Promise<OutgoingEvent[]> {
    const events = await this.parts.timeline.events(nids);
    return events.map((event) => ({
      nid: event.nid,
      eventId: event.eventId,
      originServerTs: event.originServerTs,
      pdu: readable(room, event),
    }));
  }

  /** Members without whom the joining server could not judge its own join, and a few to show. */
  private needed(room: RoomInfo, join: StoredEvent): Set<string> {
    const keys = authTypesFor(roomVersion(room.version), join.pdu as Pdu);
    const needed = new Set(keys.map(([type, key]) => stateMapKey(type, key)));
    for (const creator of room.creators) needed.add(stateMapKey('m.room.member', creator));
    const server = serverNameOf(join.sender);
    if (server !== undefined) needed.add(stateMapKey('m.room.member', join.sender));
    return needed;
  }
}
