import type { Direction, StoredEvent } from '../../../../../src/domain/timeline';
import type { Node } from '../../../protocol/state-resolution/test-dag';
import { ALICE, BOB, forged, startRoom, text, type ElsewhereRoom } from '../elsewhere-room';

const MANY = 150;
const timeOf = (n: number): number => 1_000_000 + n * 1_000;

/** In a room with much history, one second between its events, of which this server has the join alone. */
describe('an event that is looked for by its time', () => {
  let rig: ElsewhereRoom;
  beforeEach(async () => {
    const said = Array.from({ length: MANY }, (_, n) => ({ ...text(ALICE, `said ${n}`), ts: timeOf(n) }));
    rig = await startRoom('11', {}, said, undefined, timeOf(MANY));
  });
  afterEach(() => rig.stop());

  const look = (ts: number, direction: Direction = 'b', waitMs = 60_000): Promise<boolean> =>
    rig.timeline.history.fillNear(rig.room, { ts, direction }, waitMs);
  const bodyOf = (event: StoredEvent | undefined) => (event?.pdu.content as { body?: string } | undefined)?.body;
  const nearest = async (ts: number, direction: Direction = 'b') =>
    bodyOf(await rig.timeline.graph.nearestTo(rig.room, { ts, direction }));
  const all = (): Promise<StoredEvent[]> => rig.timeline.range(rig.room, { direction: 'f', limit: 1_000 });
  /** Which of the history is here, in the order in which it is shown. */
  const said = async (): Promise<number[]> =>
    (await all()).flatMap((event) => (bodyOf(event)?.startsWith('said ') ? [Number(bodyOf(event)!.slice(5))] : []));
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
  const nodeOf = (n: number): Node =>
    [...rig.dag.nodes.values()].find(({ pdu }) => pdu.content['body'] === `said ${n}`)!;
  /** Has what is above an event fetched as pages do, until no more comes. */
  const readUpwards = async (): Promise<void> => {
    for (let page = 0; page < 10; page++) await rig.timeline.history.fillAbove(rig.room, await all(), 60_000);
  };

  it.each<[string, Direction, number]>([
    ['from before the time', 'b', 120],
    ['from after the time', 'f', 121],
  ])('is brought from another server, %s, with what leads up to it', async (_, direction, found) => {
    expect(await look(timeOf(120) + 400, direction)).toBe(true);
    expect(await nearest(timeOf(120) + 400, direction)).toBe(`said ${found}`);
    expect(await said()).toEqual(numbers(found - 19, found));
    expect((await all()).at(-1)!.eventId).toBe(rig.joined.eventId);
  });

  it('leaves places for what is between, which comes in its order when somebody reads up to there', async () => {
    await look(timeOf(120));
    await look(timeOf(60));
    expect(await said()).toEqual([...numbers(41, 60), ...numbers(101, 120)]);
    await readUpwards();
    expect(await said()).toEqual(numbers(0, MANY - 1));
    expect(await rig.timeline.history.hasGaps(rig.room)).toBe(false);
  });

  it('is looked for nowhere else when there is none nearer, or nothing is missing around that time', async () => {
    await look(timeOf(120));
    rig.server.calls.length = 0;
    expect(await look(timeOf(120))).toBe(false);
    expect(await look(timeOf(110) + 400)).toBe(false);
    expect(await look(timeOf(MANY) + 400)).toBe(false);
    expect(rig.server.calls).toEqual([]);
    expect(await look(timeOf(MANY) + 400, 'f')).toBe(false);
    expect(rig.server.calls).toEqual([]);
  });

  it('is asked of the next server when the first has none, or fails', async () => {
    const { server, others } = rig;
    others.splice(0, 1, 'mute.org', 'empty.org', 'a.org');
    const honest = server.nearestTo.bind(server);
    server.nearestTo = async (name, ...asked) => {
      if (name === 'mute.org') throw new Error('no');
      return name === 'empty.org' ? undefined : honest(name, ...asked);
    };
    expect(await look(timeOf(120))).toBe(true);
    expect(await nearest(timeOf(120))).toBe('said 120');
  });

  it.each<[string, (rig: ElsewhereRoom) => { eventId: string; originServerTs: number }]>([
    ['on the wrong side of the time', () => ({ eventId: nodeOf(121).eventId, originServerTs: timeOf(121) })],
    ['said to be of another time than it is', () => ({ eventId: nodeOf(140).eventId, originServerTs: timeOf(120) })],
    ['that is nowhere', () => ({ eventId: `$${'N'.repeat(43)}`, originServerTs: timeOf(120) })],
  ])('is none %s (row 13)', async (_, answer) => {
    const { server } = rig;
    server.nearestTo = async () => answer(rig);
    expect(await look(timeOf(120))).toBe(false);
    expect(await all()).toHaveLength(1);
  });

  it('is none of another room (row 13)', async () => {
    const { server, dag } = rig;
    const foreign = forged(dag, nodeOf(120), { room_id: '!elsewhere:a.org', origin_server_ts: timeOf(120) });
    const other = dag.add([nodeOf(120)], { ...text(BOB, 'of here'), ts: timeOf(120) });
    server.backfill = async () => [foreign];
    server.nearestTo = async () => ({ eventId: other.eventId, originServerTs: timeOf(120) });
    expect(await look(timeOf(120))).toBe(false);
    expect(await all()).toHaveLength(1);
  });

  it('is waited for no longer than the reader does, and comes all the same', async () => {
    const { server, timeline } = rig;
    const honest = server.nearestTo.bind(server);
    let answer: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (answer = resolve));
    server.nearestTo = async (...asked) => gate.then(() => honest(...asked));
    expect(await look(timeOf(120), 'b', 1)).toBe(false);
    // Nor does it run beside another, which would take the same places.
    expect(await look(timeOf(60), 'b', 1)).toBe(false);
    answer();
    await timeline.history.idle();
    expect(await said()).toEqual(numbers(101, 120));
  });

  it('is not looked for in a room with ever more gaps (row 36)', async () => {
    for (let n = 0; n < 120; n++) {
      const other = rig.dag.add([nodeOf(n)], { ...text(BOB, `beside ${n}`), ts: timeOf(n) + 500 });
      rig.server.nearestTo = async () => ({ eventId: other.eventId, originServerTs: timeOf(n) + 500 });
      rig.server.backfill = async () => [other.pdu];
      await look(timeOf(n) + 600);
    }
    const rows = await rig.storage.all('SELECT missing_id FROM room_gaps WHERE room_nid = ?', [rig.room.nid]);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.length).toBeLessThanOrEqual(101);
  });
});
