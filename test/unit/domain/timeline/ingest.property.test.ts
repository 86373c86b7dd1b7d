import fc from 'fast-check';
import { knownRoomVersions } from '#protocol/room-versions';
import { prevEventIds } from '#protocol/events/index';
import type { Node, TestDag } from '../../protocol/state-resolution/test-dag';
import { randomRoom } from '../../protocol/oracle/random-room';
import { idsOf, KnowingServer, roomIdOfDag, startIngest } from './ingest-rig';

const LOCAL = '@local:trellis.test';
const JOIN = { sender: LOCAL, type: 'm.room.member', stateKey: LOCAL, content: { membership: 'join' } };
const SERVERS = ['a.org', 'b.org', 'c.org', 'd.org'];
/** Above all others'. */
const MERGE_TS = 10_000;
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

describe('events that arrive in any order', () => {
  it.each(knownRoomVersions())('make the state that the resolution of version %s makes of the graph', async (id) => {
    const order = fc.array(fc.nat(30), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        randomRoom(id, [JOIN], SERVERS),
        order,
        fc.integer({ min: 1, max: 50 }),
        async (room, keys, size) => {
          const { dag, start } = room;
          const last = merge(dag);
          const server = new KnowingServer(dag);
          const rig = await startIngest(server);
          try {
            const { timeline } = rig;
            const { room: info } = await timeline.imports.importRoom(server.importOf(roomIdOfDag(dag), start));
            for (const batch of [...arrivals(dag, start, keys, size), [last]]) {
              await timeline.ingest.idle();
              await timeline.ingest.receive(
                'a.org',
                batch.map((node) => node.pdu),
              );
            }
            await timeline.ingest.idle();
            expect(rig.errors).toEqual([]);
            const tips = (await rig.extremities(info)).map((eventId) => dag.nodes.get(eventId)!.after);
            expect(await rig.current(info)).toEqual(idsOf(dag.resolve(tips)));
            // By then the creator may be out of the room in the eyes of those who have not seen all.
            const { softFailed } = await rig.standing(last.eventId);
            if (!last.rejected && !softFailed) expect(await rig.extremities(info)).toEqual([last.eventId]);
            for (const node of dag.nodes.values()) {
              const found = await timeline.graph.find(node.eventId);
              if (found === undefined || !found.inGraph || node === start) continue;
              const state = await timeline.stateAllAt(found.event.snapshotAfter);
              expect(state.map((event) => event.eventId).sort()).toEqual(idsOf(node.after));
            }
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
