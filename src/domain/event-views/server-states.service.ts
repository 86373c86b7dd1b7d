import { serverNameOf } from '#kernel/ids';
import { authEventIds, membershipOf, redactEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState, StateEntry } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { JoinState, OutgoingEvent, StateIdsWithChain, StateWithChain } from './federation-reads.model';

const MEMBER = 'm.room.member';
const NAMES = ['m.room.name', 'm.room.canonical_alias'];

export interface ServerStatesParts {
  readonly serverName: string;
  readonly rooms: Pick<RoomState, 'atAll'>;
  readonly timeline: Pick<Timeline, 'graph' | 'events'>;
  readonly membership: Pick<Membership, 'servers' | 'heroes'>;
}

/** States of rooms with all that authorises them, as servers exchange them. */
export class ServerStates {
  constructor(private readonly parts: ServerStatesParts) {}

  /** The state before an event. */
  async before(room: RoomInfo, event: StoredEvent): Promise<StateWithChain> {
    const { state, chain } = await this.numbersBefore(event);
    return { state: await this.outgoing(room, state), authChain: await this.outgoing(room, chain) };
  }

  /** The same as ids; reads no event. */
  async idsBefore(event: StoredEvent): Promise<StateIdsWithChain> {
    const { graph } = this.parts.timeline;
    const { state, chain } = await this.numbersBefore(event);
    return { stateIds: await graph.idsOf(state), authChainIds: await graph.idsOf(chain) };
  }

  /**
   * The state before a join, for the answer to it. With `omitMembers` only those members come that set other state, that
   * authorise the join, or that name a room without a name. Spec: server-server, `PUT send_join`.
   */
  async beforeJoin(room: RoomInfo, join: StoredEvent, omitMembers: boolean): Promise<JoinState> {
    const { rooms, timeline } = this.parts;
    const { graph } = timeline;
    const entries = await rooms.atAll(join.snapshotBefore);
    const named = await graph.numbersOf(authEventIds(join.pdu as Pdu));
    const shown = omitMembers ? await this.withoutMembers(room, join, entries, named) : entries.map(numberOf);
    const chain = new Set([...named, ...(await graph.authChain([...shown, ...named]))]);
    // What is in the state need not come a second time.
    if (omitMembers) shown.forEach((nid) => chain.delete(nid));
    return {
      state: await this.outgoing(room, shown),
      authChain: await this.outgoing(room, [...chain]),
      serversInRoom: [...(await this.serversBefore(room, join, entries))],
    };
  }

  /** The servers with a joined user, the joining one only if it had another. */
  private async serversBefore(room: RoomInfo, join: StoredEvent, state: readonly StateEntry[]): Promise<Set<string>> {
    const { timeline, membership, serverName } = this.parts;
    const servers = new Set([serverName, ...(await membership.servers.of(room))]);
    const joining = serverNameOf(join.sender) ?? '';
    const own = state.filter(({ type, stateKey }) => type === MEMBER && serverNameOf(stateKey) === joining);
    const members = await timeline.events(own.map(numberOf));
    if (!members.some(({ pdu }) => membershipOf(pdu as Pdu) === 'join')) servers.delete(joining);
    return servers;
  }

  /** All that authorises an event, without the event. */
  async authChainOf(room: RoomInfo, event: StoredEvent): Promise<OutgoingEvent[]> {
    const { graph } = this.parts.timeline;
    const named = await graph.numbersOf(authEventIds(event.pdu as Pdu));
    return this.outgoing(room, [...new Set([...named, ...(await graph.authChain(named))])]);
  }

  private async withoutMembers(
    room: RoomInfo,
    join: StoredEvent,
    entries: readonly StateEntry[],
    named: readonly number[],
  ): Promise<number[]> {
    const others = entries.filter(({ type }) => type !== MEMBER);
    const setters = (await this.parts.timeline.events(others.map(numberOf))).map(({ sender }) => sender);
    const isNamed = others.some(({ type }) => NAMES.includes(type));
    const heroes = isNamed ? [] : await this.parts.membership.heroes(room, join.sender);
    const users = new Set([...setters, ...heroes]);
    const numbers = new Set(named);
    const isWanted = (entry: StateEntry) =>
      entry.type !== MEMBER || users.has(entry.stateKey) || numbers.has(entry.eventNid);
    return entries.filter(isWanted).map(numberOf);
  }

  private async numbersBefore(event: StoredEvent): Promise<{ state: number[]; chain: number[] }> {
    const state = (await this.parts.rooms.atAll(event.snapshotBefore)).map(numberOf);
    return { state, chain: await this.parts.timeline.graph.authChain(state) };
  }

  private async outgoing(room: RoomInfo, nids: readonly number[]): Promise<OutgoingEvent[]> {
    const version = roomVersion(room.version);
    return (await this.parts.timeline.events(nids)).map((event) =>
      event.redactedByNid === null ? event : { ...event, pdu: redactEvent(version, event.pdu as Pdu) },
    );
  }
}

const numberOf = (entry: StateEntry): number => entry.eventNid;
