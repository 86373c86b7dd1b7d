import { LRUCache } from 'lru-cache';
import type { Pdu } from '#protocol/events/index';
import { compileServerAcl, OPEN_ACL, type ServerAcl } from '#protocol/server-acl';
import type { RoomInfo } from '../room-state';
import type { Timeline } from '../timeline';

const MAX_KEPT = 1_000;
const TYPE = 'm.room.server_acl';

/**
 * Which servers rooms shut out. Each ACL event is compiled once. Spec: server-server, "Server Access Control Lists".
 * SECURITY: row 33.
 */
export class RoomAcls {
  /** By event number. */
  private readonly compiled = new LRUCache<number, ServerAcl>({ max: MAX_KEPT });

  constructor(private readonly timeline: Pick<Timeline, 'currentState'>) {}

  async allows(room: Pick<RoomInfo, 'nid'>, server: string): Promise<boolean> {
    return (await this.of(room)).allows(server);
  }

  private async of(room: Pick<RoomInfo, 'nid'>): Promise<ServerAcl> {
    const event = await this.timeline.currentState(room, TYPE, '');
    if (event === undefined || event.redactedByNid !== null) return OPEN_ACL;
    const known = this.compiled.get(event.nid);
    if (known !== undefined) return known;
    const acl = compileServerAcl((event.pdu as Pdu).content);
    this.compiled.set(event.nid, acl);
    return acl;
  }
}
