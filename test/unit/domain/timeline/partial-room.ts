import type { JsonObject, JsonValue } from '#kernel/json';
import type { Timeline } from '../../../../src/domain/timeline';
import { TestDag, type Node } from '../../protocol/state-resolution/test-dag';
import { ALICE, BOB, forged, join, LOCAL, member, topic } from './elsewhere-room';
import { KnowingServer, roomIdOfDag, startIngest } from './ingest-rig';

export const MALLORY = '@mallory:m.org';

/** A room of Alice's that one of ours joins without its members: Bob is in it, and Mallory was, and is banned. */
export async function startPartial(version = '11', levels: JsonObject = {}) {
  const dag = new TestDag(version, ALICE);
  const joinedOnce = dag.chain(
    [dag.create],
    join(ALICE),
    {
      sender: ALICE,
      type: 'm.room.power_levels',
      stateKey: '',
      content: { users: { [ALICE]: 100 }, state_default: 0, ...levels },
    },
    { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    join(BOB),
    topic(BOB, 'before'),
    join(MALLORY),
  );
  const before = dag.chain([joinedOnce], member(ALICE, MALLORY, 'ban'));
  const joined = dag.add([before], join(LOCAL));
  const server = new KnowingServer(dag);
  const rig = await startIngest(server, [LOCAL]);
  const whole = server.importOf(roomIdOfDag(dag), joined);
  const isShown = (event: JsonValue): boolean => {
    const { type, state_key: key } = event as JsonObject;
    return type !== 'm.room.member' || key === ALICE || key === BOB;
  };
  const { timeline } = rig;
  const { room } = await timeline.imports.importRoom({
    ...whole,
    // Bob set the topic, Alice all the rest: the state would not hold without them.
    state: whole.state.filter(isShown),
    authChain: whole.authChain.filter((event) => (event as JsonObject).sender !== ALICE || isShown(event)),
    partial: { serversInRoom: ['b.org'] },
  });
  const receive = (...pdus: JsonValue[]) => timeline.ingest.receive('b.org', pdus);
  const complete = (on: Timeline = timeline) => on.imports.completeState(room, { ...whole, eventId: joined.eventId });
  const order = async (): Promise<string[]> =>
    (await timeline.range(room, { direction: 'f', limit: 200 })).map((event) => event.eventId);
  const idsAt = async (snapshot: number): Promise<string[]> =>
    (await timeline.stateAllAt(snapshot)).map((event) => event.eventId).sort();
  const stop = async (): Promise<void> => {
    await timeline.ingest.stop();
    await rig.stop();
  };
  return { ...rig, dag, server, room, joined, joinedOnce, receive, complete, order, idsAt, stop };
}

export type PartialRig = Awaited<ReturnType<typeof startPartial>>;

/** A message or state event of Mallory's, who names the join of before the ban as authority. */
export function ofMallory(dag: TestDag, after: Node, joinedOnce: Node, more: JsonObject = {}) {
  const authIds = [...joinedOnce.after.values()].filter((id) => {
    const { type, state_key: stateKey } = dag.nodes.get(id)!.pdu;
    return type === 'm.room.create' || type === 'm.room.power_levels' || stateKey === MALLORY;
  });
  return forged(dag, after, { sender: MALLORY, auth_events: authIds, ...more });
}
