import { UnreachableServerError } from '#domain/federation';
import { ALICE, requester } from '../timeline/rig';
import { startSender, type SenderRig } from './rig';

const COUNT = 5_000;
const NAMES = Array.from({ length: COUNT }, (_, i) => `server${i}.test`);

let rig: SenderRig;
beforeEach(async () => {
  rig = await startSender();
});
afterEach(() => rig.stop());

const messagesArrived = () => NAMES.filter((name) => rig.carrier.arrived(name).length > 0).length;

describe('a room of many servers', () => {
  it.each([1, 100, COUNT])('costs one row for each event with %i of them, and no objects afterwards', async (count) => {
    const room = await rig.room(...NAMES.slice(0, count));
    await rig.say(room, 'first');
    await rig.forgetTheOutbox();
    expect(messagesArrived()).toBe(count);
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: 0 });
    const { tap, sender } = rig.process;
    tap.reset();
    await rig.say(room, 'second');
    await rig.forgetTheOutbox();
    expect(rig.carrier.attempts).toHaveLength(2 * count);
    expect(tap.rows('federation_outbox')).toBe(1);
    expect(tap.rows('federation_queue')).toBe(0);
    // The event itself, and one that takes it out of the outbox.
    expect(tap.writes).toBe(2);
    // All that is read is in memory; these are the tables of the event and the outbox.
    expect(tap.statements.length).toBeLessThan(10);
    expect(sender.size).toEqual({ queues: 0, asleep: 0 });
    expect(rig.carrier.mostUnderWay).toBeLessThanOrEqual(120);
  });

  it('has its members read for a few of them for an event that only those may see who were there', async () => {
    const room = await rig.room(...NAMES);
    const content = { history_visibility: 'joined' };
    const visibility = { roomId: room.roomId, type: 'm.room.history_visibility', stateKey: '', content };
    await rig.process.timeline.send(requester(ALICE), visibility);
    await rig.say(room, 'first');
    await rig.forgetTheOutbox();
    rig.process.tap.reset();
    await rig.process.timeline.send(requester(ALICE), {
      ...visibility,
      type: 'm.room.topic',
      content: { topic: 'new' },
    });
    await rig.say(room, 'second');
    await rig.forgetTheOutbox();
    // Those that are under way when the first asks may ask as well; nobody after them.
    expect(rig.process.tap.statements.length).toBeLessThan(400);
  });

  it('costs no more to type in than what is sent, however often', async () => {
    const room = await rig.room(...NAMES);
    await rig.say(room, 'first');
    await rig.forgetTheOutbox();
    const before = rig.carrier.attempts.length;
    rig.process.tap.reset();
    for (let i = 0; i < 20; i++) {
      rig.typists.set(room.roomId, i % 2 === 0 ? [ALICE] : []);
      rig.database.storage.announce({ stream: 'typing', key: room.roomId });
    }
    await rig.settle();
    expect(rig.process.tap.writes).toBe(0);
    expect(rig.carrier.attempts.length - before).toBeLessThanOrEqual(3 * COUNT);
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: 0 });
  });

  it('costs a row for each server that is away, once, and nothing in memory but until when', async () => {
    const room = await rig.room(...NAMES);
    for (const name of NAMES) {
      rig.carrier.answers.set(name, () => {
        throw new UnreachableServerError(name, 'no answer');
      });
    }
    await rig.say(room, 'first');
    await rig.settle();
    // All are tried once more, and are away then.
    await rig.pass(31_000);
    await rig.forgetTheOutbox();
    expect(await rig.rows('federation_queue')).toHaveLength(COUNT);
    expect(await rig.rows('federation_outbox')).toEqual([]);
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: COUNT });
    rig.process.tap.reset();
    for (let i = 0; i < 10; i++) {
      const eventId = await rig.say(room, `more ${i}`);
      await rig.read({ roomId: room.roomId, eventId });
    }
    await rig.settle();
    expect(rig.process.tap.rows('federation_queue')).toBe(0);
    expect(rig.process.tap.rows('federation_unanswered')).toBe(0);
    expect(rig.process.tap.rows('federation_missed_receipts')).toBe(COUNT);
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: COUNT });

    rig.carrier.answers.clear();
    await rig.restart();
    await rig.pass(120_000);
    expect(messagesArrived()).toBe(COUNT);
    expect(rig.carrier.arrived(NAMES[COUNT - 1]!)).toEqual(['first', 'more 9']);
    for (const name of NAMES) expect(rig.carrier.edus(name)).toMatchObject([{ edu_type: 'm.receipt' }]);
    await rig.forgetTheOutbox();
    for (const table of ['federation_queue', 'federation_unanswered', 'federation_missed_receipts'])
      expect(await rig.rows(table)).toEqual([]);
  });
});
