import fc from 'fast-check';
import { knownRoomVersions } from '#protocol/room-versions';
import { prevEventIds } from '#protocol/events/index';
import type { Node, TestDag } from '../../protocol/state-resolution/test-dag';
import { randomRoom } from '../../protocol/oracle/random-room';
import { idsOf, KnowingServer, roomIdOfDag, startIngest } from './ingest-rig';

const LOCAL = '@local:trellis.test';
const JOIN = { sender: LOCAL, type: 'm.room.member', stateKey: LOCAL, content: { membership: 'join' } };
const ROOMS = Number(process.env.INGEST_ROOMS ?? 4);

/** Events after the start, shuffled, in transactions of some size. */
function arrivals(dag: TestDag, start: Node, order: readonly number[], size: number): Node[][] {
  const nodes = [...dag.nodes.values()];
  const later = nodes.slice(nodes.indexOf(start) + 1);
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
  const followed = new Set([...dag.nodes.values()].flatMap((node) => prevEventIds(node.pdu)));
  const loose = [...dag.nodes.values()].filter((node) => !followed.has(node.eventId) && !node.rejected);
  const action = { sender: dag.creator, type: 'm.room.message', ts: 10_000 };
  let [first, ...rest] = loose;
  while (rest.length > 0) {
    first = dag.add([first!, ...rest.slice(0, 9)], action);
    rest = rest.slice(9);
  }
  return first!;
}

describe('events that arrive in any order', () => {
  it.each(knownRoomVersions())(
    'make the state that the resolution of version %s makes of the graph',
    async (id) => {
      const order = fc.array(fc.nat(30), { minLength: 5, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(randomRoom(id, [JOIN]), order, fc.integer({ min: 1, max: 50 }), async (room, keys, size) => {
          const { dag, start } = room;
          const last = merge(dag);
          const server = new KnowingServer(dag);
          const rig = await startIngest(server);
          try {
            const { timeline } = rig;
            const { room: info } = await timeline.imports.importRoom(server.importOf(roomIdOfDag(dag), start));
            for (const batch of arrivals(dag, start, keys, size)) {
              await timeline.ingest.receive('a.org', batch.map((node) => node.pdu));
            }
            await timeline.ingest.idle();
            expect(rig.errors).toEqual([]);
            if (!last.rejected) expect(await rig.current(info)).toEqual(idsOf(last.after));
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
        }),
        { numRuns: ROOMS, endOnFailure: true },
      );
    },
  );
});
