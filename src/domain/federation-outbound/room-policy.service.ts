import type { JsonObject } from '#kernel/json';
import { verifyEventSignature, type InspectedEvent, type Pdu } from '#protocol/events/index';
import { ownObject, ownString } from '#protocol/json-access';
import { VerifyKey } from '#protocol/signing/index';
import type { Membership } from '../membership';
import type { RoomInfo } from '../room-state';
import type { EventPolicy, Timeline } from '../timeline';

const TYPE = 'm.room.policy';
/** The only name that a policy server's key has. */
const KEY_ID = 'ed25519:policy_server';

/** Who judges a room's events, and with which key. */
export interface PolicyServer {
  readonly server: string;
  readonly key: VerifyKey;
}

/** Checks that events carry the signature of their room's policy server. Spec: server-server, "Policy servers". */
export class RoomPolicies implements EventPolicy {
  constructor(
    private readonly timeline: Pick<Timeline, 'currentState'>,
    private readonly membership: Pick<Membership, 'servers' | 'joinedLocalUsers'>,
    private readonly serverName: string,
  ) {}

  async allows(room: RoomInfo, event: InspectedEvent): Promise<boolean> {
    const policy = isPolicyEvent(event.pdu) ? undefined : await this.policyServer(room);
    return policy === undefined || verifyEventSignature(event, policy.server, KEY_ID, policy.key);
  }

  /** The room's policy server; undefined when it has none that counts. */
  async policyServer(room: RoomInfo): Promise<PolicyServer | undefined> {
    const event = await this.timeline.currentState(room, TYPE, '');
    if (event === undefined || event.redactedByNid !== null) return undefined;
    const { content } = event.pdu as Pdu;
    const server = ownString(content, 'via');
    const publicKey = ownString(ownObject(content, 'public_keys'), 'ed25519');
    const key = publicKey === undefined ? undefined : VerifyKey.fromBase64(publicKey);
    if (server === undefined || key === undefined || !(await this.isInRoom(room, server))) return undefined;
    return { server, key };
  }

  private async isInRoom(room: RoomInfo, server: string): Promise<boolean> {
    if (server === this.serverName) return (await this.membership.joinedLocalUsers(room)).size > 0;
    return this.membership.servers.has(room, server);
  }
}

function isPolicyEvent(pdu: Pdu): boolean {
  return pdu.type === TYPE && pdu.state_key === '';
}

/** A policy server's answer: its signature, by server and key. */
export function policySignature(answer: JsonObject, server: string): string | undefined {
  return ownString(ownObject(answer, server), KEY_ID);
}
