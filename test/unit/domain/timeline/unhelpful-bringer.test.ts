import { eventIdOf } from '#protocol/events/index';
import type { MissingEventSource } from '../../../../src/domain/timeline';
import type { Node } from '../../protocol/state-resolution/test-dag';
import { ALICE, BOB, forged, startRoom, text, topic, type ElsewhereRoom } from './elsewhere-room';

const EVIL = 'evil.org';
/** Whatever the test makes of time. */
const realTime = performance.now.bind(performance);
const never = new Promise<never>(() => undefined);

type Question = Exclude<keyof MissingEventSource, 'nearestTo'>;

/** How the server that brought an event keeps to itself what it follows: which question it answers how. */
describe('a gap, the event behind which was brought by a server that does not help', () => {
  let rig: ElsewhereRoom;
  /** Time passes as it does, and a test makes it pass faster. */
  beforeEach(async () => {
    jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate'] });
    rig = await startRoom();
  });
  afterEach(async () => {
    await rig.stop();
    jest.useRealTimers();
  });

  /** Has that server answer a question otherwise than the others do. */
  const unhelpful = <Q extends Question>(
    question: Q,
    answer: () => Promise<Awaited<ReturnType<MissingEventSource[Q]>>>,
  ) => {
    const { server } = rig;
    const honest = server[question].bind(server) as (...asked: unknown[]) => Promise<unknown>;
    const asked = jest.fn((name: string, ...rest: unknown[]) => (name === EVIL ? answer() : honest(name, ...rest)));
    Object.assign(server, { [question]: asked });
    return asked;
  };
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    const end = realTime() + 60_000;
    while (!(await isSo()) && realTime() < end) await new Promise((resolve) => setImmediate(resolve));
    expect(await isSo()).toBe(true);
  };
  const bring = async (event: Node): Promise<void> => {
    expect(await rig.timeline.ingest.receive(EVIL, [event.pdu])).toMatchObject([{ status: 'staged' }]);
  };
  const isShown = async (event: Node): Promise<boolean> => (await rig.order(rig.room)).includes(event.eventId);

  it.each<[string, () => Promise<never[]>]>([
    ['fails', async () => Promise.reject(new Error('no'))],
    ['has nothing', async () => []],
    ['gives what are no events', async () => [null, 5, {}] as never[]],
  ])('is filled by another when it %s', async (_, answer) => {
    const { dag, joined, room, order, timeline } = rig;
    const nodes = [dag.add([joined], text(ALICE, 'withheld'))];
    for (let n = 0; n < 3; n++) nodes.push(dag.add([nodes.at(-1)!], text(BOB, `withheld ${n}`)));
    unhelpful('getMissingEvents', answer);
    await bring(nodes.at(-1)!);
    await timeline.ingest.idle();
    expect(await order(room)).toEqual([joined.eventId, ...nodes.map(({ eventId }) => eventId)]);
  });

  it('is filled by another after five seconds when it says nothing (row 36)', async () => {
    const { dag, joined, timeline } = rig;
    const withheld = dag.add([joined], text(ALICE, 'withheld'));
    const brought = dag.add([withheld], text(BOB, 'brought'));
    const asked = unhelpful('getMissingEvents', () => never);
    await bring(brought);
    await until(() => asked.mock.calls.length > 0);
    await jest.advanceTimersByTimeAsync(5_000);
    await until(() => isShown(brought));
    expect(await isShown(withheld)).toBe(true);
    expect((asked.mock.calls[0]!.at(-1) as AbortSignal).aborted).toBe(true);
    await timeline.ingest.idle();
  });

  it('is filled by another when it tells of its own events without end, beside the one that it leaves out (row 36)', async () => {
    const { dag, joined, timeline, room, order } = rig;
    const withheld = dag.add([joined], text(ALICE, 'withheld'));
    const own = [dag.add([joined], text(BOB, 'its own'))];
    for (let n = 0; n < 200; n++) own.push(dag.add([own.at(-1)!], text(BOB, `its own ${n}`)));
    const brought = dag.add([withheld, own.at(-1)!], text(BOB, 'brought'));
    let rest = own.toReversed().map(({ pdu }) => pdu);
    const asked = unhelpful('getMissingEvents', async () => {
      const some = rest.slice(0, 20);
      rest = rest.slice(20);
      return some;
    });
    await bring(brought);
    await timeline.ingest.idle();
    expect(asked.mock.calls.length).toBeLessThanOrEqual(6);
    expect(await order(room)).toEqual(expect.arrayContaining([withheld.eventId, brought.eventId]));
  });

  it('is filled by another when it hides the one that it leaves out among events which follow no end of others (row 36)', async () => {
    const { dag, joined, timeline } = rig;
    const withheld = dag.add([joined], text(ALICE, 'withheld'));
    const between = dag.add([withheld], text(ALICE, 'between'));
    const brought = dag.add([between], text(BOB, 'brought'));
    let made = 0;
    const astray = () =>
      forged(dag, withheld, {
        content: { n: ++made },
        prev_events: Array.from({ length: 20 }, (_, n) => `$${`${made}-${n}`.padStart(43, 'X')}`),
      });
    unhelpful('getMissingEvents', async () => [...Array.from({ length: 19 }, astray), between.pdu]);
    await bring(brought);
    await timeline.ingest.idle();
    expect(await isShown(withheld)).toBe(true);
  });

  it.each([
    [20, true],
    [21, false],
  ])('is filled by no news that follow more events than may be: %d (row 36)', async (count, isTaken) => {
    const { dag, joined, timeline, server } = rig;
    const before = Array.from({ length: count }, (_, n) => dag.add([joined], text(BOB, `before ${n}`)));
    await rig.receive(...before.map(({ pdu }) => pdu));
    const withheld = forged(dag, before[0]!, { prev_events: before.map(({ eventId }) => eventId) });
    const withheldId = eventIdOf(dag.version, withheld);
    const brought = forged(dag, before[0]!, { prev_events: [withheldId] });
    server.backfill = async () => [withheld];
    unhelpful('getMissingEvents', async () => []);
    await timeline.ingest.receive(EVIL, [brought]);
    await timeline.ingest.idle();
    expect(await rig.standing(withheldId)).toMatchObject({ isKnown: isTaken });
  });

  it.each<[string, () => Promise<never>]>([
    ['fails', async () => Promise.reject(new Error('no'))],
    ['says nothing', () => never],
  ])('is left behind by the state that another has, when it %s', async (_, answer) => {
    const { dag, joined, timeline, server } = rig;
    const withheld = dag.add([joined], topic(ALICE, 'withheld'));
    const brought = dag.add([withheld], text(BOB, 'brought'));
    server.getMissingEvents = async () => [];
    server.backfill = async () => [];
    const asked = unhelpful('stateIds', answer);
    const events = unhelpful('event', answer);
    await bring(brought);
    await until(() => asked.mock.calls.length > 0);
    await jest.advanceTimersByTimeAsync(5_000);
    await until(() => isShown(brought));
    expect(events).toHaveBeenCalled();
    expect(await rig.standing(withheld.eventId)).toMatchObject({ isKnown: true, rejected: false });
    await timeline.ingest.idle();
  });

  it('is filled by another whose events rest on what only that one tells', async () => {
    const { dag, joined, timeline, server } = rig;
    const levels = dag.add([joined], {
      sender: ALICE,
      type: 'm.room.power_levels',
      stateKey: '',
      content: { users: {}, ban: 90 },
    });
    const brought = dag.add([levels], text(BOB, 'by new levels'));
    server.getMissingEvents = async () => [];
    server.backfill = async () => [];
    unhelpful('eventAuth', async () => []);
    await bring(brought);
    await timeline.ingest.idle();
    expect(await isShown(brought)).toBe(true);
  });

  it('keeps nobody waiting who stops the server, and is filled after the next start', async () => {
    const { dag, joined, room, others, server } = rig;
    others.length = 0;
    const withheld = dag.add([joined], text(ALICE, 'withheld'));
    const brought = dag.add([withheld], text(BOB, 'brought'));
    const honest = server.getMissingEvents.bind(server);
    const asked = unhelpful('getMissingEvents', () => never);
    await bring(brought);
    await until(() => asked.mock.calls.length > 0);
    server.getMissingEvents = honest;
    const again = await rig.restart(rig.timeline);
    await again.ingest.idle();
    const shown = await again.range(room, { direction: 'f', limit: 10 });
    expect(shown.map(({ eventId }) => eventId)).toEqual([joined.eventId, withheld.eventId, brought.eventId]);
    expect(rig.errors).toEqual([]);
    await again.ingest.stop();
  });

  it('does not keep an event waiting that its own server brings as well (row 36)', async () => {
    const { dag, joined, timeline, others } = rig;
    others.length = 0;
    const withheld = dag.add([joined], text(ALICE, 'withheld'));
    const passedOn = dag.add([withheld], text(ALICE, 'passed on'));
    const asked = unhelpful('getMissingEvents', () => never);
    await bring(passedOn);
    await until(() => asked.mock.calls.length > 0);
    expect(await timeline.ingest.receive('a.org', [passedOn.pdu])).toMatchObject([{ status: 'staged' }]);
    await until(() => isShown(passedOn));
    expect(await isShown(withheld)).toBe(true);
    await jest.advanceTimersByTimeAsync(120_000);
    await timeline.ingest.idle();
  });
});
