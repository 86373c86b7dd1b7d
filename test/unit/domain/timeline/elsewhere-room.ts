import type { JsonObject, JsonValue } from '#kernel/json';
import type { Storage } from '#platform/storage/storage';
import { buildEvent, contentHash, type Pdu } from '#protocol/events/index';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { TestDag, type Action, type Node } from '../../protocol/state-resolution/test-dag';
import { KnowingServer, roomIdOfDag, startIngest } from './ingest-rig';

export const ALICE = '@alice:a.org';
export const BOB = '@bob:b.org';
export const LOCAL = '@local:trellis.test';

export const member = (sender: string, userId: string, membership: string): Action => ({
  sender,
  type: 'm.room.member',
  stateKey: userId,
  content: { membership },
});
export const join = (userId: string): Action => member(userId, userId, 'join');
export const text = (sender: string, body: string): Action => ({ sender, type: 'm.room.message', content: { body } });
export const topic = (sender: string, said: string): Action => ({
  sender,
  type: 'm.room.topic',
  stateKey: '',
  content: { topic: said },
});

/** A public room of Alice's on a.org with Bob of b.org, which one of our users joins. */
export async function startRoom(
  version = '12',
  levels: JsonObject = {},
  first: readonly Action[] = [],
  wrap?: (storage: Storage) => Storage,
  joinedTs?: number,
) {
  const dag = new TestDag(version, ALICE);
  const users: JsonObject = version === '12' ? {} : { [ALICE]: 100 };
  const before = dag.chain(
    [dag.create],
    join(ALICE),
    { sender: ALICE, type: 'm.room.power_levels', stateKey: '', content: { users, ...levels } },
    { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    join(BOB),
    ...first,
    text(ALICE, 'first'),
    text(BOB, 'second'),
  );
  const joined = dag.add([before], { ...join(LOCAL), ...(joinedTs !== undefined && { ts: joinedTs }) });
  const server = new KnowingServer(dag);
  const rig = await startIngest(server, [LOCAL], wrap);
  const { room } = await rig.timeline.imports.importRoom(server.importOf(roomIdOfDag(dag), joined));
  const receive = (...pdus: JsonValue[]) => rig.timeline.ingest.receive('a.org', pdus);
  const order = async (info: RoomInfo): Promise<string[]> =>
    (await rig.timeline.range(info, { direction: 'f', limit: 200 })).map((event) => event.eventId);
  const stop = async (): Promise<void> => {
    await rig.timeline.ingest.stop();
    await rig.stop();
  };
  return { ...rig, dag, server, room, joined, receive, order, stop };
}

export type ElsewhereRoom = Awaited<ReturnType<typeof startRoom>>;

/** An event that no honest server would make: parts of it are somebody's choice. */
export function forged(dag: TestDag, after: Node, changes: JsonObject): Pdu {
  const pdu = buildEvent(dag.version, {
    roomId: roomIdOfDag(dag),
    type: 'm.room.message',
    sender: ALICE,
    content: { body: 'forged' },
    prevEvents: [after.eventId],
    authEvents: [],
    depth: after.pdu.depth + 1,
    originServerTs: 5,
    eventId: '$forged:a.org',
    hashOf: () => 'hash',
  });
  const whole = { ...pdu, ...changes, signatures: {} } as Pdu;
  return { ...whole, hashes: { sha256: contentHash(dag.version, whole) } };
}
