import { LRUCache } from 'lru-cache';
import { ForbiddenError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { atMost } from '#platform/cache/at-most';
import { carriesSignature, withSignature, type Pdu, type SignedEvent } from '#protocol/events/index';
import { ownObject, ownString } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import { VerifyKey } from '#protocol/signing/index';
import { RemoteServerError, UnreachableServerError } from '../federation';
import type { Membership } from '../membership';
import type { RoomInfo } from '../room-state';
import { PolicyUnavailableError, type EventPolicy, type Timeline } from '../timeline';
import { PolicyRefusalError } from './federation-outbound.errors';
import type { RemoteServers } from './federation-outbound.ports';

const TYPE = 'm.room.policy';
/** The only name that a policy server's key has. */
const KEY_ID = 'ed25519:policy_server';
/** Answers kept, because an event that waits for others is judged again. */
const MAX_ANSWERS = 10_000;
const ANSWERS_KEPT_MS = 10 * 60_000;

/** Who judges a room's events, and with which key. */
interface PolicyServer {
  readonly server: string;
  readonly publicKey: string;
  /** Undefined when the room names something else than a key: then no event can have a valid signature. */
  readonly key: VerifyKey | undefined;
}

export interface RoomPoliciesParts {
  readonly serverName: string;
  readonly remote: Pick<RemoteServers, 'askPolicyServer'>;
  readonly timeline: Pick<Timeline, 'currentState'>;
  readonly membership: Pick<Membership, 'servers' | 'joinedLocalUsers'>;
}

/** Shows events to their room's policy server, which signs what it recommends. Spec: server-server, "Policy Servers". */
export class RoomPolicies implements EventPolicy {
  private readonly answers = new LRUCache<string, Promise<string>>({ ...atMost(MAX_ANSWERS), ttl: ANSWERS_KEPT_MS });

  constructor(private readonly parts: RoomPoliciesParts) {}

  async concerns(room: RoomInfo, event: { readonly type: string; readonly stateKey?: string | undefined }) {
    // So that a room can be used again whose policy server is gone.
    if (event.type === TYPE && event.stateKey === '') return false;
    return (await this.policyServer(room)) !== undefined;
  }

  async vouch<E extends SignedEvent>(room: RoomInfo, event: E): Promise<E> {
    const { type, state_key: stateKey } = event.pdu;
    const policy = type === TYPE && stateKey === '' ? undefined : await this.policyServer(room);
    if (policy === undefined) return event;
    const { server, key } = policy;
    if (key === undefined) throw new ForbiddenError('What the room names as key of its policy server is no key');
    const version = roomVersion(room.version);
    const place = { server, keyId: KEY_ID };
    if (carriesSignature(version, event, place, key)) return event;
    const signed = withSignature(version, event, place, await this.signature(policy, event));
    if (carriesSignature(version, signed, place, key)) return signed;
    throw new ForbiddenError(`The signature of the policy server ${server} is not by the key of the room`);
  }

  /** One question for each event; only good answers and refusals are kept. */
  private signature({ server, publicKey }: PolicyServer, { eventId, pdu }: SignedEvent): Promise<string> {
    const id = `${eventId} ${server} ${publicKey}`;
    const known = this.answers.get(id);
    if (known !== undefined) return known;
    const answer = this.ask(server, pdu);
    this.answers.set(id, answer);
    answer.catch((error: unknown) => {
      if (!(error instanceof PolicyRefusalError)) this.answers.delete(id);
    });
    return answer;
  }

  private async ask(server: string, pdu: JsonObject): Promise<string> {
    if (server === this.parts.serverName) throw new ForbiddenError('This server is no policy server');
    try {
      const answer = await this.parts.remote.askPolicyServer(server, pdu);
      const signature = ownString(ownObject(answer, server), KEY_ID);
      if (signature === undefined) throw new ForbiddenError(`The policy server ${server} did not sign the event`);
      return signature;
    } catch (error) {
      if (error instanceof UnreachableServerError) throw new PolicyUnavailableError(error);
      if (!(error instanceof RemoteServerError)) throw error;
      if (error.status >= 500) throw new PolicyUnavailableError(error);
      const refusal = new PolicyRefusalError(error);
      throw error.status === 429 ? new PolicyUnavailableError(refusal) : refusal;
    }
  }

  /** The room's policy server. Spec: "Determining if a Policy Server is enabled in a room". */
  private async policyServer(room: RoomInfo): Promise<PolicyServer | undefined> {
    const event = await this.parts.timeline.currentState(room, TYPE, '');
    if (event === undefined || event.redactedByNid !== null) return undefined;
    const { content } = event.pdu as Pdu;
    const server = ownString(content, 'via');
    const publicKey = ownString(ownObject(content, 'public_keys'), 'ed25519');
    if (server === undefined || publicKey === undefined || !(await this.isInRoom(room, server))) return undefined;
    return { server, publicKey, key: VerifyKey.fromBase64(publicKey) };
  }

  private async isInRoom(room: RoomInfo, server: string): Promise<boolean> {
    const { serverName, membership } = this.parts;
    if (server === serverName) return (await membership.joinedLocalUsers(room)).size > 0;
    return membership.servers.has(room, server);
  }
}
