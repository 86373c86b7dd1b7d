import { LRUCache } from 'lru-cache';
import { InvalidParamError, NotFoundError } from '#kernel/errors';
import { isValidRoomId, isValidServerName, parseRoomAlias, serverNameOf, utf8Length } from '#kernel/ids';
import { atMost } from '#platform/cache/at-most';
import type { PublicRoomsPage, PublicRoomsQuery, RemoteDirectory, ResolvedAlias } from '../directory';
import { RemoteServerError } from '../federation';
import { MAX_PROFILE_BYTES, type Profile, type RemoteProfiles } from '../profiles';
import type { RemoteServers } from './federation-outbound.ports';

const MAX_SERVERS = 20;
/** Profiles are shown in lists that ask for many of them again and again. */
const PROFILES_KEPT_MS = 60_000;
const MAX_PROFILES = 10_000;

/** Aliases, public rooms and profiles that other servers know. */
export class RemoteLookups implements RemoteDirectory, RemoteProfiles {
  private readonly profiles = new LRUCache<string, Promise<Profile | undefined>>({
    ...atMost(MAX_PROFILES),
    ttl: PROFILES_KEPT_MS,
  });

  constructor(private readonly remote: Pick<RemoteServers, 'resolveAlias' | 'publicRooms' | 'profile'>) {}

  async resolve(alias: string): Promise<ResolvedAlias> {
    const { serverName } = parseRoomAlias(alias);
    try {
      const { roomId, servers } = await this.remote.resolveAlias(serverName, alias);
      if (!isValidRoomId(roomId)) throw new NotFoundError(`Room alias ${alias} leads to no room`);
      // Whoever knows the alias need not name itself.
      const named = servers.filter(isValidServerName).slice(0, MAX_SERVERS);
      const isNamed = named.includes(serverName);
      return { roomId, servers: isNamed ? named : [...named.slice(0, MAX_SERVERS - 1), serverName] };
    } catch (error) {
      if (error instanceof RemoteServerError && error.status === 404)
        throw new NotFoundError(`Room alias ${alias} not found`);
      throw error;
    }
  }

  /** @throws InvalidParamError for what cannot be a server; what the server said, or that it did not answer */
  async publicRooms(server: string, query: Omit<PublicRoomsQuery, 'server'>): Promise<PublicRoomsPage> {
    if (!isValidServerName(server)) throw new InvalidParamError('server is not a server name');
    return this.remote.publicRooms(server, query);
  }

  /** What the user's server tells, kept for a minute. Those who want it at the same time wait for one answer. */
  profile(userId: string): Promise<Profile | undefined> {
    const known = this.profiles.get(userId);
    if (known !== undefined) return known;
    const asked = this.ask(userId);
    this.profiles.set(userId, asked);
    asked.catch(() => this.profiles.delete(userId));
    return asked;
  }

  private async ask(userId: string): Promise<Profile | undefined> {
    const profile = await this.remote.profile(serverNameOf(userId) ?? '', userId);
    if (profile === undefined || utf8Length(JSON.stringify(profile)) > MAX_PROFILE_BYTES) return undefined;
    const { displayname, avatar_url, ...others } = profile;
    // Null is for what is not set. Spec: server-server, `GET /_matrix/federation/v1/query/profile`.
    const rest = Object.entries(others).filter(([, value]) => value !== null);
    return {
      ...Object.fromEntries(rest),
      ...(typeof displayname === 'string' && { displayname }),
      ...(typeof avatar_url === 'string' && { avatar_url }),
    };
  }
}
