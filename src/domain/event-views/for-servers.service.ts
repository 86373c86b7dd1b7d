import { ForbiddenError, NotFoundError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import { authEventIds, membershipOf, redactEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { canServerSee, historyVisibilityOf } from '#protocol/visibility';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import { UNKNOWN_STATE, type StoredEvent, type Timeline } from '../timeline';
import type {
  FederationReading,
  MissingEventsQuery,
  OutgoingEvent,
  StateIdsWithChain,
  StateWithChain,
} from './federation-reads.model';

const VISIBILITY = 'm.room.history_visibility';
const MEMBER = 'm.room.member';
const MAX_BACKFILL = 100;
const MAX_MISSING = 20;
/** Events from which one request may have a walk begin. */
const MAX_STARTS = 20;

export interface ForServersParts {
  readonly serverName: string;
  readonly rooms: Pick<RoomState, 'info' | 'infoByNid' | 'at' | 'atAll' | 'atEach'>;
  readonly timeline: Pick<Timeline, 'graph' | 'events'>;
  readonly membership: Pick<Membership, 'servers'>;
}

/** What other servers read of rooms; the only way in which events leave for them. SECURITY: rows 5, 23, 28. */
export class ForServers implements FederationReading {
  constructor(private readonly parts: ForServersParts) {}

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
    // Strangers to the room learn nothing, not even whether the event exists.
    if (found === undefined || room === undefined || !(await this.parts.membership.servers.has(room, server))) {
      throw unknownEvent();
    }
    return (await this.visibleToServer(server, room, [found.event]))[0]!;
  }

  async state(server: string, roomId: string, eventId: string): Promise<StateWithChain> {
    const event = await this.eventIn(await this.room(server, roomId), eventId);
    return this.stateBefore(event);
  }

  async stateIds(server: string, roomId: string, eventId: string): Promise<StateIdsWithChain> {
    const { state, authChain } = await this.state(server, roomId, eventId);
    return { stateIds: state.map((event) => event.eventId), authChainIds: authChain.map((event) => event.eventId) };
  }

  async joinState(join: StoredEvent, { omitMembers }: { readonly omitMembers: boolean }) {
    const { state, authChain } = await this.parts.timeline.graph.stateBefore(join);
    const stored = await this.parts.timeline.events(state);
    const named = new Set(authEventIds(join.pdu as Pdu));
    // Members without whom the rest of the state could not be judged: those who set it.
    const setters = new Set(stored.filter(({ type }) => type !== MEMBER).map(({ sender }) => sender));
    const isWanted = (event: StoredEvent) =>
      event.type !== MEMBER || named.has(event.eventId) || setters.has(event.stateKey!);
    const shown = omitMembers ? stored.filter(isWanted) : stored;
    const chain = omitMembers ? await this.chainOf(shown) : await this.parts.timeline.events(authChain);
    const listed = new Set(shown.map((event) => event.nid));
    const room = (await this.parts.rooms.info(join.roomId))!;
    // What is in the state need not come a second time.
    const rest = omitMembers ? chain.filter((event) => !listed.has(event.nid)) : chain;
    return { ...(await this.withRedactions(room, shown, rest)), serversInRoom: serversIn(stored) };
  }

  async eventAuth(server: string, roomId: string, eventId: string): Promise<OutgoingEvent[]> {
    const room = await this.room(server, roomId);
    const event = await this.eventIn(room, eventId, true);
    const nids = await this.parts.timeline.graph.authChainOf(authEventIds(event.pdu as Pdu));
    return this.redacted(room, await this.parts.timeline.events(nids));
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

  async timestampToEvent(server: string, roomId: string, ts: number, direction: 'b' | 'f'): Promise<OutgoingEvent> {
    const room = await this.room(server, roomId);
    const [nearest] = await this.parts.timeline.graph.nearestTo(room, ts, direction);
    if (nearest === undefined) throw new NotFoundError('No event in that direction');
    return (await this.visibleToServer(server, room, [nearest]))[0]!;
  }

  async visibleToServer(server: string, room: RoomInfo, events: readonly StoredEvent[]): Promise<OutgoingEvent[]> {
    const version = roomVersion(room.version);
    const settings = await this.settings(events);
    const outgoing: OutgoingEvent[] = [];
    for (const event of events) {
      const isShown = await this.canSee(server, event, settings.get(event.snapshotBefore));
      const hidden = !isShown || event.redactedByNid !== null;
      outgoing.push(hidden ? { ...event, pdu: redactEvent(version, event.pdu as Pdu) } : event);
    }
    return outgoing;
  }

  private async canSee(server: string, event: StoredEvent, setting: StoredEvent | undefined): Promise<boolean> {
    const pdu = event.pdu as Pdu;
    // State is what the room is; without it nobody could judge its events.
    if (event.stateKey !== null || serverNameOf(event.sender) === server) return true;
    const visibility = historyVisibilityOf(setting?.pdu as Pdu | undefined);
    if (visibility === 'shared' || visibility === 'world_readable') return true;
    const after = event.type === VISIBILITY ? { visibilityAfter: historyVisibilityOf(pdu) } : {};
    const standing = await this.standing(server, event.snapshotBefore);
    return canServerSee({
      visibility,
      ...after,
      hadJoinedUser: standing.has('join'),
      hadInvitedUser: standing.has('invite'),
    });
  }

  private async standing(server: string, snapshot: number): Promise<ReadonlySet<string | undefined>> {
    const members = await this.parts.rooms.atAll(snapshot, { types: [MEMBER] });
    const own = members.filter((entry) => serverNameOf(entry.stateKey) === server).map((entry) => entry.eventNid);
    return new Set((await this.parts.timeline.events(own)).map((event) => membershipOf(event.pdu as Pdu)));
  }

  /** The history visibility before events, by snapshot. */
  private async settings(events: readonly StoredEvent[]): Promise<Map<number, StoredEvent>> {
    const snapshots = [...new Set(events.map((event) => event.snapshotBefore))].filter((nid) => nid !== UNKNOWN_STATE);
    const nids = await this.parts.rooms.atEach(snapshots, VISIBILITY, '');
    const byNid = new Map(
      (await this.parts.timeline.events([...new Set(nids.values())])).map((event) => [event.nid, event]),
    );
    return new Map(
      [...nids].flatMap(([snapshot, nid]) => (byNid.has(nid) ? [[snapshot, byNid.get(nid)!] as const] : [])),
    );
  }

  private async eventIn(room: RoomInfo, eventId: string, withoutState = false): Promise<StoredEvent> {
    const found = await this.parts.timeline.graph.find(eventId);
    if (found === undefined || found.event.roomNid !== room.nid || (!found.inGraph && !withoutState))
      throw unknownEvent();
    return found.event;
  }

  private async stateBefore(event: StoredEvent): Promise<StateWithChain> {
    const { state, authChain } = await this.parts.timeline.graph.stateBefore(event);
    const room = (await this.parts.rooms.info(event.roomId))!;
    return this.withRedactions(
      room,
      await this.parts.timeline.events(state),
      await this.parts.timeline.events(authChain),
    );
  }

  private async chainOf(events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const nids = await this.parts.timeline.graph.authChain(events.map((event) => event.nid));
    return this.parts.timeline.events(nids);
  }

  private async withRedactions(
    room: RoomInfo,
    state: readonly StoredEvent[],
    authChain: readonly StoredEvent[],
  ): Promise<StateWithChain> {
    return { state: this.redacted(room, state), authChain: this.redacted(room, authChain) };
  }

  private redacted(room: RoomInfo, events: readonly StoredEvent[]): OutgoingEvent[] {
    const version = roomVersion(room.version);
    return events.map((event) =>
      event.redactedByNid === null ? event : { ...event, pdu: redactEvent(version, event.pdu as Pdu) },
    );
  }
}

/** The servers with a joined user in a state. */
function serversIn(state: readonly StoredEvent[]): string[] {
  const joined = state.filter(({ type, pdu }) => type === MEMBER && membershipOf(pdu as Pdu) === 'join');
  return [...new Set(joined.flatMap(({ stateKey }) => serverNameOf(stateKey!) ?? []))];
}

const notInRoom = (): ForbiddenError => new ForbiddenError('The server is not in the room');
const unknownEvent = (): NotFoundError => new NotFoundError('Event not found');
