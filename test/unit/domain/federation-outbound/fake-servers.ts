import { UnreachableServerError } from '#domain/federation';
import type {
  RemoteJoinAnswer,
  RemoteServers,
  RemoteTemplate,
  SendJoinOptions,
  SignedForServer,
} from '#domain/federation-outbound';
import type { JsonObject, JsonValue } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { stateEntryKey } from '#protocol/state-resolution/index';
import type { Node, TestDag } from '../../protocol/state-resolution/test-dag';
import { KnowingServer, roomIdOfDag } from '../timeline/ingest-rig';

/** A room on other servers: a graph that grows by what is sent to them. */
export class FarRoom {
  readonly roomId: string;
  readonly knowing: KnowingServer;
  heads: readonly Node[];
  /** Whether members are left out of the state when that is asked for. */
  omitsMembers = false;
  /** Who let a joiner in. */
  authoriser: string | undefined;

  constructor(
    readonly dag: TestDag,
    head: Node,
    readonly servers: readonly string[] = ['a.org', 'b.org'],
  ) {
    this.roomId = roomIdOfDag(dag);
    this.knowing = new KnowingServer(dag);
    this.heads = [head];
  }

  /** The event that a user would have to sign; it leaves no trace. */
  template(userId: string, membership: string): RemoteTemplate {
    const isVouched = membership === 'join' && this.authoriser !== undefined;
    const vouched: JsonObject = isVouched ? { join_authorised_via_users_server: this.authoriser! } : {};
    const node = this.dag.add(this.heads, {
      sender: userId,
      type: 'm.room.member',
      stateKey: userId,
      content: { membership, ...vouched },
    });
    this.dag.nodes.delete(node.eventId);
    const { hashes: _hashes, signatures: _signatures, ...event } = node.pdu;
    return { roomVersion: this.dag.version.id, event: event };
  }

  /** Takes an event in as the newest; the state before it, by key. */
  adopt({ eventId, pdu }: SignedForServer): Map<string, string> {
    const before = this.dag.resolve(this.heads.map((head) => head.after));
    const after = new Map(before);
    const { type, state_key: stateKey } = pdu as Pdu;
    after.set(stateEntryKey(type, stateKey ?? ''), eventId);
    const node = { eventId, pdu: pdu as Pdu, rejected: false, after };
    this.dag.nodes.set(eventId, node);
    this.heads = [node];
    return before;
  }

  /** Whether an entry of the state stays when members are left out: those who set the rest do, and who let the joiner in. */
  isNeeded(eventId: string, join: JsonObject): boolean {
    const { type, state_key: stateKey } = this.dag.nodes.get(eventId)!.pdu;
    if (type !== 'm.room.member') return true;
    return (join['auth_events'] as string[]).includes(eventId) || stateKey === this.dag.creator;
  }

  /** The newest event that a user has not sent. */
  lastBut(userId: string): Node {
    return [...this.dag.nodes.values()].filter(({ pdu }) => pdu.sender !== userId).at(-1)!;
  }

  pdus(eventIds: Iterable<string>): Pdu[] {
    return [...eventIds].map((id) => this.dag.nodes.get(id)!.pdu);
  }
}

/**
 * Other servers, honest as they come: tests replace single methods. A server that is not in a room's list is not there.
 * Their word for it that a join is signed is `vouched` as `signatures`.
 */
export class FakeServers implements RemoteServers {
  /** What was asked of whom, in order: `make_join a.org`. */
  readonly calls: string[] = [];
  /** What servers answer to everything instead. */
  readonly trouble = new Map<string, Error>();
  private readonly rooms = new Map<string, FarRoom>();

  know(room: FarRoom): FarRoom {
    this.rooms.set(room.roomId, room);
    return room;
  }

  async makeJoin(server: string, roomId: string, userId: string): Promise<RemoteTemplate> {
    return this.ask('make_join', server, roomId).template(userId, 'join');
  }

  async makeLeave(server: string, roomId: string, userId: string): Promise<RemoteTemplate> {
    return this.ask('make_leave', server, roomId).template(userId, 'leave');
  }

  async makeKnock(server: string, roomId: string, userId: string): Promise<RemoteTemplate> {
    return this.ask('make_knock', server, roomId).template(userId, 'knock');
  }

  async sendJoin(server: string, join: SignedForServer, { omitMembers }: SendJoinOptions): Promise<RemoteJoinAnswer> {
    const room = this.ask('send_join', server, join.roomId);
    const pdu = room.authoriser === undefined ? join.pdu : this.vouched(server, join.pdu);
    const before = room.adopt({ ...join, pdu });
    const isPartial = omitMembers && room.omitsMembers;
    const state = [...before.values()].filter((id) => !isPartial || room.isNeeded(id, join.pdu));
    return {
      state: room.pdus(state),
      authChain: room.pdus(room.knowing.chain(state)),
      event: pdu as JsonValue,
      serversInRoom: isPartial ? room.servers : undefined,
    };
  }

  async sendLeave(server: string, leave: SignedForServer): Promise<void> {
    this.ask('send_leave', server, leave.roomId).adopt(leave);
  }

  async sendKnock(server: string, knock: SignedForServer): Promise<readonly JsonValue[]> {
    const room = this.ask('send_knock', server, knock.roomId);
    room.adopt(knock);
    return [room.dag.create.pdu];
  }

  async invite(server: string, { pdu }: SignedForServer): Promise<JsonValue> {
    this.ask('invite', server);
    return this.vouched(server, pdu);
  }

  async exchangeThirdPartyInvite(server: string): Promise<void> {
    this.ask('exchange', server);
  }

  async resolveAlias(server: string): Promise<{ roomId: string; servers: string[] }> {
    this.ask('alias', server);
    const [room] = this.rooms.values();
    return { roomId: room?.roomId ?? '', servers: [...(room?.servers ?? [])] };
  }

  async profile(server: string): Promise<JsonObject | undefined> {
    this.ask('profile', server);
    return { displayname: 'Somebody' };
  }

  async publicRooms(server: string) {
    this.ask('public_rooms', server);
    return { entries: [], total: 0 };
  }

  async askPolicyServer(server: string, _pdu: JsonObject): Promise<JsonObject> {
    this.ask('sign', server);
    return {};
  }

  async getMissingEvents(...[server, roomId, request]: Parameters<RemoteServers['getMissingEvents']>) {
    return this.ask('get_missing_events', server, roomId).knowing.getMissingEvents(server, roomId, request);
  }

  async event(server: string, eventId: string): Promise<JsonValue | undefined> {
    this.ask('event', server);
    for (const room of this.rooms.values()) if (room.dag.nodes.has(eventId)) return room.dag.nodes.get(eventId)!.pdu;
    return undefined;
  }

  async stateIds(server: string, roomId: string, eventId: string) {
    return this.ask('state_ids', server, roomId).knowing.stateIds(server, roomId, eventId);
  }

  async state(...[server, roomId, eventId]: Parameters<RemoteServers['state']>) {
    return this.ask('state', server, roomId).knowing.state(server, roomId, eventId);
  }

  async eventAuth(server: string, roomId: string, eventId: string): Promise<JsonValue[]> {
    return this.ask('event_auth', server, roomId).knowing.eventAuth(server, roomId, eventId);
  }

  async backfill(server: string, roomId: string, eventIds: readonly string[], limit: number): Promise<JsonValue[]> {
    return this.ask('backfill', server, roomId).knowing.backfill(server, roomId, eventIds, limit);
  }

  async nearestTo(...[server, roomId, time]: Parameters<RemoteServers['nearestTo']>) {
    return this.ask('timestamp_to_event', server, roomId).knowing.nearestTo(server, roomId, time);
  }

  /** Notes a question; the room that it is about. */
  ask(operation: string, server: string, roomId?: string): FarRoom {
    this.calls.push(`${operation} ${server}`);
    const trouble = this.trouble.get(server);
    if (trouble !== undefined) throw trouble;
    const room = roomId === undefined ? undefined : this.rooms.get(roomId);
    if (roomId !== undefined && room?.servers.includes(server) !== true) {
      throw new UnreachableServerError(server, `${server} is not there`);
    }
    return room!;
  }

  private vouched(server: string, pdu: JsonObject): JsonObject {
    const signatures = pdu['signatures'] as JsonObject;
    return { ...pdu, signatures: { ...signatures, [server]: { 'ed25519:theirs': 'signature' } } };
  }
}
