import type { JsonObject } from '#kernel/json';
import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import { ALICE, requester } from '../timeline/rig';
import { startSender, textOf, type SenderRig } from './rig';

let rig: SenderRig;
beforeEach(async () => {
  rig = await startSender();
});
afterEach(() => rig.stop());

const down = (name: string) =>
  rig.carrier.answers.set(name, () => {
    throw new UnreachableServerError(name, 'no answer');
  });
const failWith = (name: string, status: number, errcode?: string, retryAfterMs = 0) =>
  rig.carrier.answers.set(name, () => {
    const body: JsonObject = errcode === undefined ? {} : { errcode };
    throw new RemoteServerError(name, status, errcode ?? 'M_UNKNOWN', 'no', body, retryAfterMs);
  });
const up = (name: string) => rig.carrier.answers.delete(name);
const attempts = (name: string) => rig.carrier.attemptsOn(name);

describe('a server that does not answer', () => {
  it('gets the same transaction once more, under the same id, and then what came after it', async () => {
    const room = await rig.room('a.test');
    down('a.test');
    await rig.say(room, 'one');
    await rig.settle();
    up('a.test');
    await rig.say(room, 'two');
    await rig.pass(29_000);
    expect(attempts('a.test')).toHaveLength(1);
    await rig.pass(2_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['one', 'two']);
    const [first, second] = attempts('a.test');
    expect(second).toEqual(first);
  });

  it('gets the same transaction again and again until it answers, also after a restart and a crash', async () => {
    const room = await rig.room('a.test');
    let answer: () => void = () => undefined;
    rig.carrier.answers.set('a.test', () => new Promise((resolve) => (answer = resolve)));
    await rig.say(room, 'arrives');
    await rig.settle();
    await rig.say(room, 'one');
    rig.typists.set(room.roomId, [ALICE]);
    rig.database.storage.announce({ stream: 'typing', key: room.roomId });
    await rig.settle();
    down('a.test');
    answer();
    await rig.settle();
    for (const how of ['restart', 'crash'] as const) {
      await rig.say(room, `before the ${how}`);
      await rig[how]();
      for (let minute = 0; minute < 5; minute++) await rig.pass(60_000);
    }
    const [, first, ...others] = attempts('a.test');
    expect(first).toMatchObject({ pdus: [{ content: { body: 'one' } }], edus: [{ edu_type: 'm.typing' }] });
    expect(others.length).toBeGreaterThan(3);
    expect(others).toEqual(others.map(() => first));
    up('a.test');
    await rig.pass(3_600_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['arrives', 'one', 'before the crash']);
    expect(await rig.rows('federation_unanswered')).toEqual([]);
  });

  it('gets what it has not answered without what a room shuts it out from meanwhile', async () => {
    const [first, second] = [await rig.room('a.test'), await rig.room('a.test')];
    down('a.test');
    await Promise.all([rig.say(first, 'one'), rig.say(second, 'two')]);
    await rig.settle();
    const content = { allow: ['*'], deny: ['a.test'] };
    const acl = { roomId: first.roomId, type: 'm.room.server_acl', stateKey: '', content };
    await rig.process.timeline.send(requester(ALICE), acl);
    up('a.test');
    await rig.pass(31_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['two']);
  });

  it('is tried at ever longer intervals, and others do not wait for it', async () => {
    const room = await rig.room('a.test', 'b.test');
    down('a.test');
    await rig.say(room, 'one');
    for (let minute = 0; minute < 20; minute++) await rig.pass(60_000);
    expect(attempts('a.test').length).toBeGreaterThan(3);
    expect(attempts('a.test').length).toBeLessThan(7);
    expect(rig.carrier.arrived('b.test')).toEqual(['one']);
  });

  it('catches up by the ends of the histories of its rooms, however much it missed', async () => {
    const [first, second] = [await rig.room('a.test'), await rig.room('a.test')];
    down('a.test');
    await rig.say(first, 'lost at first');
    await rig.settle();
    await rig.pass(31_000);
    for (let i = 0; i < 60; i++) await rig.say(first, `first ${i}`);
    await rig.say(second, 'second');
    up('a.test');
    await rig.pass(120_000);
    expect(rig.carrier.arrived('a.test').sort()).toEqual(['first 59', 'lost at first', 'second']);
    await rig.say(first, 'afterwards');
    await rig.settle();
    expect(rig.carrier.arrived('a.test').at(-1)).toBe('afterwards');
    await rig.forgetTheOutbox();
    expect(await rig.rows('federation_queue')).toEqual([]);
  });

  it('catches up by what others said last, when that is what the history ends with', async () => {
    const room = await rig.room('a.test', 'c.test');
    const carl = '@carl:c.test';
    const join = { roomId: room.roomId, type: 'm.room.member', stateKey: carl, content: { membership: 'join' } };
    await rig.process.timeline.send(requester(carl), join);
    down('a.test');
    await rig.say(room, 'lost at first');
    await rig.settle();
    await rig.pass(31_000);
    await rig.say(room, 'ours');
    await rig.say(room, 'after ours', carl);
    up('a.test');
    await rig.pass(120_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['lost at first', 'after ours']);
  });

  it('learns that it was thrown out meanwhile, and nothing from after that', async () => {
    const room = await rig.room('a.test');
    const anna = '@anna:a.test';
    const member = (sender: string, membership: string) => rig.sendMember(room, sender, anna, membership);
    await member(anna, 'join');
    down('a.test');
    await rig.say(room, 'before');
    await rig.settle();
    await rig.pass(31_000);
    rig.servers.inRoom.get(room.nid)!.clear();
    await member(ALICE, 'leave');
    await rig.say(room, 'a secret');
    up('a.test');
    await rig.pass(120_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['before', `leave ${anna}`]);
  });

  it('is tried when it is heard from, but not at each of its requests', async () => {
    const room = await rig.room('a.test');
    const { destinations } = rig.process;
    down('a.test');
    await rig.say(room, 'one');
    await rig.settle();
    for (let i = 0; i < 5; i++) await destinations.succeeded('a.test');
    await rig.settle();
    expect(attempts('a.test')).toHaveLength(1);
    up('a.test');
    await rig.pass(11_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['one']);
  });

  it('costs no row for further events of a room of which it lacks some, and no memory', async () => {
    const room = await rig.room('a.test');
    down('a.test');
    await rig.say(room, 'one');
    await rig.settle();
    await rig.pass(31_000);
    await rig.forgetTheOutbox();
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: 1 });
    rig.process.tap.reset();
    for (let i = 0; i < 10; i++) await rig.say(room, `more ${i}`);
    await rig.settle();
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: 1 });
    await rig.pass(10_000);
    await rig.pass(10_000);
    expect(rig.process.tap.rows('federation_queue')).toBe(0);
    expect(await rig.rows('federation_queue')).toHaveLength(1);
    expect(await rig.rows('federation_outbox')).toEqual([]);
  });
});

describe('what is left when the program ends', () => {
  it.each(['restart', 'crash'] as const)('is sent after a %s, when it is time to try again', async (how) => {
    const room = await rig.room('a.test');
    down('a.test');
    await rig.say(room, 'one');
    await rig.settle();
    await rig.pass(31_000);
    await rig[how]();
    const before = attempts('a.test').length;
    expect(await rig.process.destinations.retryAt('a.test')).toBeGreaterThan(rig.clock.now);
    up('a.test');
    await rig.pass(20_000);
    expect(attempts('a.test')).toHaveLength(before);
    await rig.pass(60_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['one']);
  });

  it('is sent under the same id when a crash left it open whether it had arrived', async () => {
    const room = await rig.room('a.test');
    await rig.forgetTheOutbox();
    await rig.say(room, 'one');
    await rig.settle();
    await rig.crash();
    const [first, second, ...others] = attempts('a.test');
    expect(second).toEqual(first);
    expect(others).toEqual([]);
  });

  it('is for those alone who had not got it, once some time has passed', async () => {
    const room = await rig.room('a.test', 'b.test');
    let open: () => void = () => undefined;
    rig.carrier.answers.set('a.test', () => new Promise((resolve) => (open = resolve)));
    await rig.say(room, 'one');
    await rig.forgetTheOutbox();
    expect(await rig.rows('federation_outbox')).toEqual([]);
    expect(await rig.rows('federation_queue')).toMatchObject([{ destination: 'a.test', room_nid: room.nid }]);
    up('a.test');
    await rig.crash();
    expect(rig.carrier.arrived('a.test')).toEqual(['one']);
    expect(attempts('b.test')).toHaveLength(1);
    open();
  });

  it('is all there after many events that nobody has taken yet', async () => {
    const room = await rig.room('a.test');
    rig.carrier.answers.set('a.test', () => new Promise(() => undefined));
    const texts = Array.from({ length: 70 }, (_, i) => `message ${i}`);
    for (const text of texts) await rig.say(room, text);
    await rig.settle();
    up('a.test');
    await rig.crash();
    const arrived = rig.carrier.arrived('a.test');
    expect(arrived.filter((text) => texts.includes(text))).toEqual(texts);
  });
});

describe('an event that a server will not take', () => {
  it('is left out, and all others arrive', async () => {
    const room = await rig.room('a.test');
    rig.carrier.answers.set('a.test', ({ pdus }) => {
      if (pdus.some((pdu) => textOf(pdu) === 'poison'))
        throw new RemoteServerError('a.test', 400, 'M_BAD_JSON', 'no', { errcode: 'M_BAD_JSON' });
    });
    const texts = Array.from({ length: 30 }, (_, i) => (i === 17 ? 'poison' : `message ${i}`));
    await Promise.all(texts.map((text) => rig.say(room, text)));
    await rig.settle();
    expect(rig.carrier.arrived('a.test')).toEqual(texts.filter((text) => text !== 'poison'));
    expect(rig.errors).toHaveLength(1);
    expect(attempts('a.test').length).toBeLessThan(20);
  });

  it('does not hold up other rooms when the server falls over it', async () => {
    const rooms = [await rig.room('a.test'), await rig.room('a.test'), await rig.room('a.test')];
    rig.carrier.answers.set('a.test', ({ pdus }) => {
      if (pdus.some((pdu) => textOf(pdu) === 'poison')) throw new RemoteServerError('a.test', 500, 'M_UNKNOWN', 'oh');
    });
    await rig.say(rooms[0]!, 'poison');
    await rig.settle();
    await rig.pass(31_000);
    await rig.say(rooms[1]!, 'two');
    await rig.say(rooms[2]!, 'three');
    for (let hour = 0; hour < 10; hour++) await rig.pass(3_600_000);
    expect(rig.carrier.arrived('a.test').sort()).toEqual(['three', 'two']);
  });

  it('is not the matter when the server refuses everything: it is left alone, and gets it all later', async () => {
    const rooms = [];
    for (let i = 0; i < 6; i++) rooms.push(await rig.room('a.test'));
    failWith('a.test', 400, 'M_UNKNOWN');
    for (const [i, room] of rooms.entries()) await rig.say(room, `room ${i}`);
    await rig.settle();
    expect(attempts('a.test').length).toBeLessThan(10);
    expect(rig.errors).toEqual([]);
    up('a.test');
    await rig.pass(31_000);
    expect(rig.carrier.arrived('a.test').sort()).toEqual([0, 1, 2, 3, 4, 5].map((i) => `room ${i}`));
  });

  it.each([401, 403, 404, 502])('is not the matter when the answer is %i: nothing is lost', async (status) => {
    const room = await rig.room('a.test');
    failWith('a.test', status, 'M_UNAUTHORIZED');
    await rig.say(room, 'one');
    await rig.settle();
    await rig.pass(31_000);
    expect(attempts('a.test')).toHaveLength(2);
    await rig.pass(31_000);
    // Twice as long as before, though it answers.
    expect(attempts('a.test')).toHaveLength(2);
    up('a.test');
    await rig.pass(60_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['one']);
  });

  it('is not the matter when what stands before the server says 400 in its own way', async () => {
    const room = await rig.room('a.test');
    failWith('a.test', 400);
    await rig.say(room, 'one');
    await rig.settle();
    up('a.test');
    await rig.pass(31_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['one']);
  });

  it('is not the matter when the server asks for a break: it gets one as long as it wants', async () => {
    const room = await rig.room('a.test');
    failWith('a.test', 429, 'M_LIMIT_EXCEEDED', 300_000);
    await rig.say(room, 'one');
    await rig.settle();
    up('a.test');
    await rig.pass(290_000);
    expect(attempts('a.test')).toHaveLength(1);
    await rig.pass(11_000);
    expect(rig.carrier.arrived('a.test')).toEqual(['one']);
  });
});
