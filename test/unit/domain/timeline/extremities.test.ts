import { prevEventIds, type Pdu } from '#protocol/events/index';
import { startRoom, ALICE, BOB, LOCAL, type ElsewhereRoom } from './elsewhere-room';
import type { Node } from '../../protocol/state-resolution/test-dag';
import { requester } from './rig';

const FORKS = 60;

/** Many events that all follow the same one, each setting a state of its own. */
const forks = ({ dag, joined }: ElsewhereRoom): Node[] =>
  Array.from({ length: FORKS }, (_, index) =>
    dag.add([joined], { sender: ALICE, type: 'org.example.fork', stateKey: `${index}`, content: { index } }),
  );

/** All that the room's extremities are or follow. */
async function behind({ extremities, timeline, room }: ElsewhereRoom): Promise<Set<string>> {
  const found = new Set(await extremities(room));
  for (const id of found) {
    const event = await timeline.event(id);
    for (const before of event === undefined ? [] : prevEventIds(event.pdu as Pdu)) found.add(before);
  }
  return found;
}

/** Events of ours and those that they follow, as others get them. */
async function ours({ timeline, room }: ElsewhereRoom): Promise<{ id: string; pdu: Pdu; after: number }[]> {
  const shown = await timeline.range(room, { direction: 'f', limit: 200 });
  return shown
    .filter(({ sender, pdu }) => sender === LOCAL && (pdu.prev_events as unknown[]).length > 1)
    .map(({ eventId, pdu, snapshotAfter }) => ({ id: eventId, pdu: pdu as Pdu, after: snapshotAfter }));
}

/** Event ids of the state that others compute after an event of ours, from what it follows. */
async function stateOfOthers({ dag, timeline }: ElsewhereRoom, pdu: Pdu): Promise<string[]> {
  const states = await Promise.all(
    prevEventIds(pdu).map(async (id) => {
      const known = dag.nodes.get(id);
      if (known !== undefined) return known.after;
      const event = (await timeline.event(id))!;
      const entries = await timeline.stateAllAt(event.snapshotAfter);
      return new Map(entries.map((one) => [`${one.type}\0${one.stateKey}`, one.eventId]));
    }),
  );
  // Every fork has a key of its own: what any of them has, all together have.
  return [...new Set(states.flatMap((state) => [...state.values()]))].sort();
}

describe('a room in which many events follow the same one', () => {
  it.each(['1', '2', '11', '12'])('of version %s is brought together without losing one of them', async (version) => {
    const rig = await startRoom(version);
    try {
      const { receive, timeline, room, extremities, dag } = rig;
      const all = forks(rig);
      await receive(...all.slice(0, 50).map(({ pdu }) => pdu));
      await receive(...all.slice(50).map(({ pdu }) => pdu));
      await timeline.ingest.idle();
      expect((await extremities(room)).length).toBeLessThanOrEqual(10);
      const followed = await behind(rig);
      expect(all.map(({ eventId }) => eventId).filter((eventId) => !followed.has(eventId))).toEqual([]);
      expect(await rig.current(room)).toEqual([...dag.resolve(all.map(({ after }) => after)).values()].sort());
      const merging = await ours(rig);
      expect(merging.length).toBeGreaterThan(0);
      for (const { pdu, after } of merging) {
        expect(pdu.prev_events.length).toBeLessThanOrEqual(20);
        const state = (await timeline.stateAllAt(after)).map(({ eventId }) => eventId).sort();
        expect(state).toEqual(await stateOfOthers(rig, pdu));
      }
      expect(rig.errors).toEqual([]);
    } finally {
      await rig.stop();
    }
  });

  it('lets our users send on when none of them may bring it together', async () => {
    const rig = await startRoom('11', { events: { 'org.matrix.dummy_event': 50 } });
    try {
      const { receive, timeline, room, extremities, dag } = rig;
      const all = forks(rig);
      await receive(...all.slice(0, 50).map(({ pdu }) => pdu));
      await receive(...all.slice(50).map(({ pdu }) => pdu));
      expect(await extremities(room)).toHaveLength(FORKS);
      const content = { msgtype: 'm.text', body: 'hello' };
      const send = () => timeline.send(requester(LOCAL), { roomId: room.roomId, type: 'm.room.message', content });
      const sent = await Promise.all([send(), send(), send(), send(), send()]);
      expect((await timeline.event(sent[0]))!.pdu.prev_events).toHaveLength(20);
      expect((await extremities(room)).length).toBeLessThanOrEqual(1);
      const followed = await behind(rig);
      expect(all.map(({ eventId }) => eventId).filter((eventId) => !followed.has(eventId))).toEqual([]);
      expect(await rig.current(room)).toEqual([...dag.resolve(all.map(({ after }) => after)).values()].sort());
      const topic = { sender: BOB, type: 'm.room.message', content };
      const after = dag.add([all[0]!], topic);
      expect((await receive(after.pdu))[0]).toMatchObject({ status: 'accepted' });
    } finally {
      await rig.stop();
    }
  });
});
