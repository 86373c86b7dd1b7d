import type { Clock } from '#kernel/time';
import type { Federation } from '../federation';
import type { Membership } from '../membership';
import type { RoomInfo } from '../room-state';

/** Those with most members are looked at; a room in which all of them are away is asked about in vain. */
const CANDIDATES = 50;

export interface AskedServersParts {
  readonly membership: { readonly servers: Pick<Membership['servers'], 'toAsk' | 'has'> };
  readonly destinations: Pick<Federation['destinations'], 'failing'>;
  readonly now: Clock;
}

/** Whom to ask about rooms that this server is in, or was. Spec: server-server, "Backfilling". */
export class AskedServers {
  constructor(private readonly parts: AskedServersParts) {}

  /**
   * Servers of a room: `likeliest` first, when it is in the room, then those with most members; those that are left alone
   * for now, because they did not answer, after all others. One statement when the members are at hand.
   */
  async ofRoom(room: Pick<RoomInfo, 'nid'>, limit: number, likeliest?: string): Promise<string[]> {
    const { membership, destinations, now } = this.parts;
    const { servers } = membership;
    const most = await servers.toAsk(room, CANDIDATES);
    const isThere = likeliest !== undefined && (await servers.has(room, likeliest));
    const all = [...new Set(isThere ? [likeliest, ...most] : most)];
    const retryAt = await destinations.failing(all);
    const isAway = (server: string): boolean => (retryAt.get(server) ?? 0) > now();
    return [...all.filter((server) => !isAway(server)), ...all.filter(isAway)].slice(0, limit);
  }
}
