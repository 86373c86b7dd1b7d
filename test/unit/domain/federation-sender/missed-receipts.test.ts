import type { JsonObject } from '#kernel/json';
import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import { ALICE, BOB } from '../timeline/rig';
import { startSender, textOf, type SenderRig } from './rig';

let rig: SenderRig;
let room: Awaited<ReturnType<SenderRig['room']>>;
beforeEach(async () => {
  rig = await startSender();
  room = await rig.room('a.test', 'b.test');
});
afterEach(() => rig.stop());

const MINUTE = 60_000;

/** From now on the server does not answer; it is known to be away. */
async function falls(name: string): Promise<void> {
  rig.carrier.answers.set(name, () => {
    throw new UnreachableServerError(name, 'no answer');
  });
  await rig.say(room, `while ${name} falls`);
  await rig.settle();
}

async function comesBack(name: string): Promise<void> {
  rig.carrier.answers.delete(name);
  await rig.pass(MINUTE);
}

/** The receipts that have arrived, as `user event thread`, in order. */
function receipts(name: string): string[] {
  const edus = rig.carrier.edus(name).filter((edu) => edu['edu_type'] === 'm.receipt');
  return edus.flatMap((edu) =>
    Object.values(edu['content'] as JsonObject).flatMap((types) => {
      const read = (types as { 'm.read': Record<string, { event_ids: string[]; data: { thread_id?: string } }> })[
        'm.read'
      ];
      return Object.entries(read).map(([userId, one]) =>
        [userId, one.event_ids[0], one.data.thread_id ?? 'all'].join(' '),
      );
    }),
  );
}

const readTo = (text: string, userId = ALICE, threadId?: string) =>
  rig.say(room, text).then(async (eventId) => {
    await rig.read({ roomId: room.roomId, eventId, ...(threadId !== undefined && { threadId }) }, userId);
    return eventId;
  });

describe('receipts for a server that is away', () => {
  it.each(['restart', 'crash'] as const)(
    'arrive when it is back after a %s: of each user and thread the newest',
    async (how) => {
      await falls('a.test');
      await readTo('early');
      const alices = await readTo('late');
      const bobs = await readTo('later', BOB);
      const threads = await readTo('in the main thread', BOB, 'main');
      await rig.settle();
      await rig[how]();
      await comesBack('a.test');
      expect(receipts('a.test').sort()).toEqual(
        [`${ALICE} ${alices} all`, `${BOB} ${bobs} all`, `${BOB} ${threads} main`].sort(),
      );
      expect(rig.carrier.arrived('a.test').at(-1)).toBe('in the main thread');
      expect(await rig.rows('federation_missed_receipts')).toEqual([]);
      // The others had them at once.
      expect(receipts('b.test')).toHaveLength(4);
    },
  );

  it('come after the events that they are for', async () => {
    await falls('a.test');
    await readTo('read');
    await comesBack('a.test');
    const last = rig.carrier.transactions('a.test').at(-1)!;
    expect(last).toMatchObject({ pdus: [], edus: [{ edu_type: 'm.receipt' }] });
    expect(receipts('a.test')).toHaveLength(1);
  });

  it('are those alone that it has missed, and never private ones', async () => {
    await readTo('before');
    await rig.settle();
    await falls('a.test');
    rig.clock.now += 1_000;
    const eventId = await rig.say(room, 'in private');
    await rig.read({ roomId: room.roomId, eventId, type: 'm.read.private' });
    const bobs = await readTo('meanwhile', BOB);
    await comesBack('a.test');
    expect(receipts('a.test').slice(1)).toEqual([`${BOB} ${bobs} all`]);
  });

  it('cost one row for a room, however many they are, and a hundred of them arrive', async () => {
    await falls('a.test');
    rig.process.tap.reset();
    for (let i = 0; i < 120; i++)
      await rig.read({ roomId: room.roomId, eventId: await rig.say(room, `${i}`) }, `@u${i}:trellis.test`);
    await rig.settle();
    expect(rig.process.tap.rows('federation_missed_receipts')).toBe(1);
    expect(await rig.rows('federation_missed_receipts')).toMatchObject([{ destination: 'a.test', room_nid: room.nid }]);
    await comesBack('a.test');
    const users = receipts('a.test').map((receipt) => receipt.split(' ')[0]);
    expect(users.sort()).toEqual(Array.from({ length: 100 }, (_, i) => `@u${i + 20}:trellis.test`).sort());
  });

  it('do not arrive when it has left the room', async () => {
    await falls('a.test');
    await readTo('read');
    await rig.settle();
    rig.servers.inRoom.get(room.nid)!.delete('a.test');
    await comesBack('a.test');
    expect(receipts('a.test')).toEqual([]);
    expect(await rig.rows('federation_missed_receipts')).toEqual([]);
  });

  it('are not lost when the server falls again before it has got them', async () => {
    await falls('a.test');
    const alices = await readTo('read by Alice');
    let bobs = '';
    await rig.settle();
    // It takes what it has not answered, and falls with a newer receipt of the room under way.
    rig.carrier.answers.set('a.test', async () => {
      await falls('a.test');
      bobs = await readTo('read by Bob', BOB);
      await rig.settle();
    });
    await rig.pass(31_000);
    while (rig.carrier.transactions('a.test').length === 0) await rig.settle();
    await rig.settle();
    expect(receipts('a.test')).toEqual([]);
    for (let i = 0; i < 5; i++) await comesBack('a.test');
    expect(new Set(receipts('a.test'))).toEqual(new Set([`${BOB} ${bobs} all`, `${ALICE} ${alices} all`]));
  });

  it('are not lost beside an event that it refuses', async () => {
    let answer: () => void = () => undefined;
    rig.carrier.answers.set('a.test', () => new Promise((resolve) => (answer = resolve)));
    await rig.say(room, 'taken');
    await rig.settle();
    await rig.say(room, 'poison');
    const eventId = await readTo('read');
    await rig.settle();
    rig.carrier.answers.set('a.test', ({ pdus }) => {
      if (pdus.some((pdu) => textOf(pdu) === 'poison'))
        throw new RemoteServerError('a.test', 400, 'M_BAD_JSON', 'no', { errcode: 'M_BAD_JSON' });
    });
    answer();
    await rig.settle();
    const [, both] = rig.carrier.attemptsOn('a.test');
    expect(both).toMatchObject({ pdus: [{}, {}], edus: [{ edu_type: 'm.receipt' }] });
    expect(rig.carrier.arrived('a.test')).toEqual(['taken', 'read']);
    expect(receipts('a.test')).toEqual([`${ALICE} ${eventId} all`]);
  });

  it('are not lost in a transaction that is given up', async () => {
    await falls('a.test');
    await comesBack('a.test');
    rig.carrier.answers.set('a.test', ({ edus }) => {
      if (edus.length > 0) throw new RemoteServerError('a.test', 500, 'M_UNKNOWN', 'oh');
    });
    const eventId = await rig.say(room, 'read');
    await rig.settle();
    await rig.read({ roomId: room.roomId, eventId });
    await rig.settle();
    for (let i = 0; i < 5; i++) await rig.pass(MINUTE);
    expect(receipts('a.test')).toEqual([]);
    rig.carrier.answers.delete('a.test');
    await rig.pass(3_600_000);
    expect(receipts('a.test')).toEqual([`${ALICE} ${eventId} all`]);
    expect(await rig.rows('federation_missed_receipts')).toEqual([]);
  });
});
