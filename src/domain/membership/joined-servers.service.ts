import { serverNameOf } from '#kernel/ids';
import { StreamCache } from '#platform/cache/stream-cache';
import type { Reader } from '#platform/storage/storage';
import type { RoomInfo } from '../room-state';
import type { Timeline } from '../timeline';
import { MembershipReader, type WrittenMembership } from './membership.repository';

/** A room's joined users by server, without our own. */
type Servers = Map<string, Set<string>>;

const KEPT_ROOMS = 2_000;

/**
 * Which other servers are in rooms: read once a room, then kept by the changes of its members. While a room's members are
 * still being fetched, those that the server named by which it was joined count too: they are to hear what is said here.
 * `ourselves` is not among them.
 */
export class JoinedServers {
  private readonly reader: MembershipReader;
  private readonly known = new StreamCache<number, Servers>(KEPT_ROOMS);

  constructor(
    reader: Reader,
    private readonly ourselves: string,
    private readonly partial: Pick<Timeline['partialStates'], 'get' | 'isWhole'>,
  ) {
    this.reader = new MembershipReader(reader);
  }

  /** The servers in a room. One statement when the room is not at hand. */
  async of(room: Pick<RoomInfo, 'nid'>): Promise<string[]> {
    return withNamed([...(await this.load(room.nid)).keys()], await this.named(room));
  }

  async has(room: Pick<RoomInfo, 'nid'>, server: string): Promise<boolean> {
    return (await this.load(room.nid)).has(server) || (await this.named(room)).includes(server);
  }

  /** Whether there certainly is no other server, from memory. */
  isAlone(roomNid: number): boolean {
    return this.known.peek(roomNid)?.size === 0 && this.partial.isWhole(roomNid);
  }

  /** Servers to ask about a room: those with most members first, since they are the likeliest to stay. */
  async toAsk(room: Pick<RoomInfo, 'nid'>, limit: number): Promise<string[]> {
    const servers = [...(await this.load(room.nid))];
    servers.sort(([, a], [, b]) => b.size - a.size);
    const joined = servers.map(([server]) => server);
    return withNamed(joined, await this.named(room)).slice(0, limit);
  }

  /** Told of every committed change, before anybody hears of it. */
  changed({ roomNid, userId, membership }: Pick<WrittenMembership, 'roomNid' | 'userId' | 'membership'>): void {
    const servers = this.known.peek(roomNid);
    // A read under way may have seen the room as it was.
    if (servers === undefined) this.known.drop(roomNid);
    else if (membership === 'join') add(servers, userId, this.ourselves);
    else remove(servers, userId);
  }

  private async named(room: Pick<RoomInfo, 'nid'>): Promise<readonly string[]> {
    const named = (await this.partial.get(room))?.servers ?? [];
    return named.filter((server) => server !== this.ourselves);
  }

  private load(roomNid: number): Promise<Servers> {
    return this.known.load(roomNid, async () => {
      const servers: Servers = new Map();
      for (const userId of await this.reader.joinedRemoteUsers(roomNid)) add(servers, userId, this.ourselves);
      return servers;
    });
  }
}

function withNamed(joined: string[], named: readonly string[]): string[] {
  return named.length === 0 ? joined : [...new Set([...joined, ...named])];
}

function add(servers: Servers, userId: string, ourselves: string): void {
  const server = serverNameOf(userId);
  if (server === undefined || server === ourselves) return;
  const users = servers.get(server) ?? new Set();
  servers.set(server, users.add(userId));
}

function remove(servers: Servers, userId: string): void {
  const server = serverNameOf(userId) ?? '';
  const users = servers.get(server);
  users?.delete(userId);
  if (users?.size === 0) servers.delete(server);
}
