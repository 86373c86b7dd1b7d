import fc from 'fast-check';
import { knownRoomVersions } from '#protocol/room-versions';
import { prevEventIds } from '#protocol/events/index';
import type { Timeline } from '../../../../../src/domain/timeline';
import type { Node, TestDag } from '../../../protocol/state-resolution/test-dag';
import { randomRoom } from '../../../protocol/oracle/random-room';
import { idsOf, KnowingServer, roomIdOfDag, startIngest } from '../ingest-rig';

const LOCAL = '@local:trellis.test';
const JOIN = { sender: LOCAL, type: 'm.room.member', stateKey: LOCAL, content: { membership: 'join' } };
const SERVERS = ['a.org', 'b.org', 'c.org', 'd.org'];
/** Above all others'. */
const MERGE_TS = 10_000;
const WAYS = ['one after another', 'at the same time', 'with restarts between them'] as const;
type Way = (typeof WAYS)[number];
type Rig = Awaited<ReturnType<typeof startIngest>>;
/** Of each version: few in passing. */
const ROOMS = Number(process.env.INGEST_ROOMS ?? 4);

/** Events after the start, shuffled, in transactions of some size. */
function arrivals(dag: TestDag, start: Node, order: readonly number[], size: number): Node[][] {
  const nodes = [...dag.nodes.values()];
  const later = nodes.slice(nodes.indexOf(start) + 1).filter((node) => node.pdu.origin_server_ts < MERGE_TS);
  const shuffled = later
    .map((node, index) => ({ node, key: (order[index % order.length] ?? 0) + index * 0.001 }))
    .sort((a, b) => a.key - b.key)
    .map(({ node }) => node);
  const batches: Node[][] = [];
  for (let i = 0; i < shuffled.length; i += size) batches.push(shuffled.slice(i, i + size));
  return batches;
}

/** An event by the creator after every event that nothing follows: nobody can doubt the state then. */
function merge(dag: TestDag): Node {
  const followed = new Set(
    [...dag.nodes.values()].filter((node) => !node.rejected).flatMap((node) => prevEventIds(node.pdu)),
  );
  const loose = [...dag.nodes.values()].filter((node) => !followed.has(node.eventId) && !node.rejected);
  const action = { sender: dag.creator, type: 'm.room.message', ts: MERGE_TS };
  let [first, ...rest] = loose;
  while (rest.length > 0) {
    first = dag.add([first!, ...rest.slice(0, 9)], action);
    rest = rest.slice(9);
  }
  return first!;
}

/** Hands over transactions in one of the ways that they can come; the timeline that knows of them afterwards. */
async function deliver(rig: Rig, way: Way, batches: readonly Node[][]): Promise<Timeline> {
  let { timeline } = rig;
  const receive = (batch: readonly Node[]) =>
    timeline.ingest.receive(
      'a.org',
      batch.map((node) => node.pdu),
    );
  if (way === 'at the same time') await Promise.all(batches.map(receive));
  for (const batch of way === 'at the same time' ? [] : batches) {
    // A restart may meet events that wait for others.
    if (way === 'with restarts between them') timeline = await rig.restart(timeline);
    else await timeline.ingest.idle();
    await receive(batch);
  }
  await timeline.ingest.idle();
  return timeline;
}

describe('events that arrive in any order', () => {
  it.each(knownRoomVersions())('make the state that the resolution of version %s makes of the graph', async (id) => {
    const order = fc.array(fc.nat(30), { minLength: 5, maxLength: 40 });
    const size = fc.integer({ min: 1, max: 50 });
    await fc.assert(
      fc.asyncProperty(
        randomRoom(id, [JOIN], SERVERS),
        order,
        size,
        fc.constantFrom(...WAYS),
        async ({ dag, start }, keys, batch, way) => {
          const last = merge(dag);
          const server = new KnowingServer(dag);
          const rig = await startIngest(server);
          try {
            const { room } = await rig.timeline.imports.importRoom(server.importOf(roomIdOfDag(dag), start));
            const before = await deliver(rig, way, arrivals(dag, start, keys, batch));
            const timeline = await deliver({ ...rig, timeline: before }, 'one after another', [[last]]);
            expect(rig.errors).toEqual([]);
            const tips = (await rig.extremities(room)).map((eventId) => dag.nodes.get(eventId)!.after);
            expect(await rig.current(room, timeline)).toEqual(idsOf(dag.resolve(tips)));
            // By then the creator may be out of the room in the eyes of those who have not seen all.
            const { softFailed } = await rig.standing(last.eventId);
            if (!last.rejected && !softFailed) expect(await rig.extremities(room)).toEqual([last.eventId]);
            await expectStatesOf(dag, timeline, start);
          } finally {
            await rig.timeline.ingest.stop();
            await rig.stop();
          }
        },
      ),
      { numRuns: ROOMS, endOnFailure: true },
    );
  });
});

/** The state after each event, as the snapshots have it, is what the graph folds to. */
async function expectStatesOf(dag: TestDag, timeline: Timeline, start: Node): Promise<void> {
  for (const node of dag.nodes.values()) {
    const found = await timeline.graph.find(node.eventId);
    if (found === undefined || !found.inGraph || node === start) continue;
    const state = await timeline.stateAllAt(found.event.snapshotAfter);
    expect(state.map((event) => event.eventId).sort()).toEqual(idsOf(node.after));
  }
}
