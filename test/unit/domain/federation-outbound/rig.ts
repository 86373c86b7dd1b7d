import { FederationOutbound } from '#domain/federation-outbound';
import type { EventVerifier } from '#domain/timeline';
import { serverNameOf } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import { isCreateEvent, requiredSigners, type Pdu } from '#protocol/events/index';
import { SigningKey } from '#protocol/signing/index';
import { TestDag, type Action } from '../../protocol/state-resolution/test-dag';
import { startMembership } from '../membership/rig';
import { FakeServers, FarRoom } from './fake-servers';

export const SERVER = 'test.example';
export const ALICE = '@alice:a.org';
export const BOB = '@bob:b.org';
const signingKey = SigningKey.fromSeed('ed25519:test', Buffer.alloc(32, 7));

export const member = (sender: string, userId: string, membership: string): Action => ({
  sender,
  type: 'm.room.member',
  stateKey: userId,
  content: { membership },
});
export const join = (userId: string): Action => member(userId, userId, 'join');
export const state = (type: string, content: JsonObject, sender = ALICE): Action => ({
  sender,
  type,
  stateKey: '',
  content,
});

/** A room of Alice's on a.org in which Bob of b.org is, and what else is done there. */
export function farRoom(version = '11', joinRules: JsonObject = { join_rule: 'public' }, more: readonly Action[] = []) {
  const dag = new TestDag(version, ALICE);
  const servers = ['a.org', 'b.org', SERVER, ...more.map(({ sender }) => serverNameOf(sender)!)];
  dag.signatures = Object.fromEntries(servers.map((server) => [server, { 'ed25519:theirs': 'signature' }]));
  const users: JsonObject = version === '12' ? {} : { [ALICE]: 100 };
  const head = dag.chain(
    [dag.create],
    join(ALICE),
    state('m.room.power_levels', { users, invite: 0 }),
    state('m.room.join_rules', joinRules),
    member(ALICE, BOB, 'invite'),
    join(BOB),
    ...more,
  );
  return new FarRoom(dag, head);
}

/** This server's rooms and members on an empty database, and other servers that are objects. */
export async function startOutbound() {
  const rig = await startMembership();
  const { people, storage, roomState, timeline, membership } = rig;
  const servers = new FakeServers();
  /** Servers that are left alone for now, and until when. */
  const away = new Map<string, number>();
  const destinations = { failing: async () => away };
  const { now } = Date;
  const errors: unknown[] = [];
  /** Events whose signatures are wrong, by id. */
  const forged = new Set<string>();
  const onError = (error: unknown): void => void errors.push(error);
  const { ingest: incoming, imports, templates } = timeline;
  const verifier: EventVerifier = {
    verify: async (version, events) =>
      events.map(({ pdu, eventId }) => {
        const missing = requiredSigners(version, pdu).filter((server) => pdu.signatures?.[server] === undefined);
        // Test graphs make their create event before anybody can sign.
        const isBad = forged.has(eventId) || (missing.length > 0 && !isCreateEvent(pdu));
        return isBad ? new Error('bad signature') : undefined;
      }),
  };
  const shared = { serverName: SERVER, signingKey, remote: servers, roomState, timeline, membership };
  const outbound = new FederationOutbound({
    ...shared,
    destinations,
    incoming,
    imports,
    templates,
    verifier,
    now,
    onError,
  });
  timeline.bindElsewhere(
    {
      verifier,
      source: servers,
      servers: {
        isResident: async (room) => (await membership.joinedLocalUsers(room)).size > 0,
        serversToAsk: (...question) => outbound.asked.ofRoom(...question),
      },
      policy: outbound.policies,
    },
    onError,
  );
  membership.bind({ remote: outbound.rooms });
  /** The content of an entry of a room's current state. */
  const contentOf = async (roomId: string, type: string, key = ''): Promise<JsonObject | undefined> => {
    const room = await roomState.info(roomId);
    const event = room && (await timeline.currentState(room, type, key));
    return (event?.pdu as Pdu | undefined)?.content;
  };
  const stop = async (): Promise<void> => {
    await outbound.stop();
    await timeline.ingest.stop();
    await rig.stop();
  };
  return { people, storage, roomState, timeline, membership, servers, away, outbound, forged, errors, contentOf, stop };
}

export type OutboundRig = Awaited<ReturnType<typeof startOutbound>>;
