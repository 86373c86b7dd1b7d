import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import type { JsonObject } from '#kernel/json';
import { buildEvent, hashAndSign, type SignedEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { ALICE, requester, signingKey } from '../timeline/rig';
import { startSender, textOf, type SenderRig } from './rig';

const MINUTE = 60_000;
const NEW = 'new.test';
const NINA = `@nina:${NEW}`;
const OTHER = 'other.test';
const OTTO = `@otto:${OTHER}`;
const THIRD = 'third.test';

let rig: SenderRig;
let room: RoomInfo;

beforeEach(async () => {
  rig = await startSender();
  room = await rig.room(OTHER, THIRD);
  await rig.sendMember(room, OTTO, OTTO, 'join');
  listen();
  await rig.forgetTheOutbox();
});
afterEach(() => rig.stop());

/** Lets the timeline take in events of other servers, of which everything is there. */
function listen(): void {
  rig.process.timeline.bindElsewhere(
    {
      verifier: { verify: async (_version, events) => events.map(() => undefined) },
      source: undefined as never,
      servers: { isResident: async () => true, serversToAsk: async () => [] },
    },
    (error) => rig.errors.push(error),
  );
}

let made = 0;

/** An event of another server's user that follows what is there now. It is not sent yet. */
async function eventOf(sender: string, type: string, content: JsonObject, stateKey?: string): Promise<SignedEvent> {
  const { timeline } = rig.process;
  const previous = await timeline.graph.extremities(room);
  const keys = [
    ['m.room.power_levels', ''],
    ['m.room.member', sender],
    ...(stateKey === undefined ? [] : [['m.room.join_rules', '']]),
  ] as const;
  const auth = await Promise.all(keys.map(([name, key]) => timeline.currentState(room, name, key)));
  const version = roomVersion(room.version);
  const pdu = buildEvent(version, {
    roomId: room.roomId,
    type,
    sender,
    content,
    ...(stateKey !== undefined && { stateKey }),
    prevEvents: previous.map(({ eventId }) => eventId),
    authEvents: auth.flatMap((event) => event?.eventId ?? []),
    depth: Math.max(...previous.map(({ depth }) => depth)) + 1,
    originServerTs: rig.clock.now + ++made,
  });
  return hashAndSign(version, pdu, sender.slice(sender.indexOf(':') + 1), signingKey);
}

const saidBy = (sender: string, body: string): Promise<SignedEvent> => eventOf(sender, 'm.room.message', { body });
const joinOf = (userId: string): Promise<SignedEvent> =>
  eventOf(userId, 'm.room.member', { membership: 'join' }, userId);

/** What comes of an event that its server sends. */
async function hear({ pdu }: SignedEvent): Promise<void> {
  const [outcome] = await rig.process.timeline.ingest.receive(pdu.sender.split(':')[1]!, [pdu]);
  expect(outcome).toMatchObject({ status: 'accepted' });
}

/** Lets a user in, and with them their server unless it is there already. */
async function letIn({ eventId, pdu }: SignedEvent, options = { isEntry: true }): Promise<void> {
  const { timeline, sender } = rig.process;
  const server = pdu.sender.split(':')[1]!;
  sender.relay.announce(eventId, options);
  await timeline.ingest.accept(server, room.roomId, pdu);
  sender.relay.withdraw(eventId);
  rig.servers.inRoom.get(room.nid)!.add(server);
}

const arrived = () => rig.carrier.arrived(NEW);
const down = () =>
  rig.carrier.answers.set(NEW, () => {
    throw new UnreachableServerError(NEW, 'no answer');
  });
const up = () => rig.carrier.answers.delete(NEW);

describe('a server that is let into a room', () => {
  it('gets what was said between the template of its join and the join, by whomever', async () => {
    const join = await joinOf(NINA);
    const theirs = await saidBy(OTTO, 'theirs');
    await rig.say(room, 'ours');
    await hear(theirs);
    await letIn(join);
    await rig.settle();
    expect(arrived().sort()).toEqual(['ours', 'theirs']);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });

  it('gets nothing when its join follows all there is', async () => {
    await rig.say(room, 'before');
    await letIn(await joinOf(NINA));
    await rig.settle();
    expect(arrived()).toEqual([]);
  });

  it('gets what others say who have not heard of it, and nobody else gets that from here', async () => {
    const unaware = [await saidBy(OTTO, 'one'), await saidBy(OTTO, 'two')];
    await letIn(await joinOf(NINA));
    for (const event of unaware) await hear(event);
    await rig.settle();
    expect(arrived()).toEqual(['one', 'two']);
    expect(rig.carrier.arrived(THIRD)).toEqual([`join ${NINA}`]);
    expect(rig.carrier.arrived(OTHER)).toEqual([`join ${NINA}`]);
    expect(await rig.rows('federation_copies')).toEqual([]);
    expect(rig.process.sender.size).toEqual({ queues: 0, asleep: 0 });
  });

  it('gets from others themselves what they say when they have heard of it', async () => {
    const unaware = await saidBy(OTTO, 'unaware');
    await letIn(await joinOf(NINA));
    const [first, second] = [await saidBy(OTTO, 'first'), await saidBy(OTTO, 'second')];
    for (const event of [first, second, unaware]) await hear(event);
    await hear(await saidBy(OTTO, 'last'));
    await rig.settle();
    expect(arrived()).toEqual(['unaware']);
  });

  it('gets none of its own events back', async () => {
    const other = `@nick:${NEW}`;
    const join = await joinOf(NINA);
    await letIn(await joinOf(other), { isEntry: false });
    await letIn(join);
    const another = await saidBy(other, 'my own');
    await rig.say(room, 'ours');
    await hear(another);
    await rig.settle();
    expect(arrived()).toEqual(['ours']);
  });

  it('gets what others say who do not know of it for five minutes', async () => {
    const early = await saidBy(OTTO, 'early');
    const late = await saidBy(OTTO, 'late');
    await letIn(await joinOf(NINA));
    await rig.pass(5 * MINUTE - 1);
    await hear(early);
    await rig.pass(1);
    await hear(late);
    await rig.settle();
    expect(arrived()).toEqual(['early']);
  });

  it('gets nothing of the kind when it was in the room before, or came by another server', async () => {
    const tom = `@tom:${THIRD}`;
    const unaware = await saidBy(OTTO, 'unaware');
    await letIn(await joinOf(NINA), { isEntry: false });
    await hear(await joinOf(tom));
    await hear(unaware);
    await rig.settle();
    expect(rig.carrier.attemptsOn(NEW)).toEqual([]);
    expect(rig.carrier.arrived(THIRD)).toEqual([`join ${NINA}`]);
  });

  it('gets a hundred such events at most, however many somebody makes', async () => {
    const forks: SignedEvent[] = [];
    for (let i = 0; i < 130; i++) forks.push(await saidBy(OTTO, `fork ${i}`));
    await letIn(await joinOf(NINA));
    const pdus = forks.map(({ pdu }) => pdu);
    await rig.process.timeline.ingest.receive(OTHER, pdus);
    await rig.settle();
    expect(arrived()).toEqual(Array.from({ length: 100 }, (_, i) => `fork ${i}`));
    const sizes = rig.carrier.attemptsOn(NEW).map((transaction) => transaction.pdus.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
  });

  it('is told of others who come in at the same time, and they of it', async () => {
    const tina = '@tina:twin.test';
    const joins = [await joinOf(NINA), await joinOf(tina)];
    const [first, second] = [await saidBy(OTTO, 'to both'), await saidBy(OTTO, 'to both too')];
    for (const join of joins) await letIn(join);
    for (const event of [first, second]) await hear(event);
    await rig.settle();
    expect(arrived()).toEqual([`join ${tina}`, 'to both', 'to both too']);
    expect(rig.carrier.arrived('twin.test')).toEqual([`join ${NINA}`, 'to both', 'to both too']);
  });
});

describe('what a newcomer is to get', () => {
  /** The newcomer does not answer any more. */
  async function putToSleep(): Promise<void> {
    down();
    await rig.say(room, 'lost at first');
    await rig.settle();
    expect(rig.process.sender.size.asleep).toBe(1);
  }

  /** Lets the newcomer in, which something is said to that does not know of it. */
  async function missOne(text = 'unaware'): Promise<void> {
    const unaware = await saidBy(OTTO, text);
    await letIn(await joinOf(NINA));
    await hear(unaware);
    await rig.settle();
  }

  it('is sent after a crash that left it open whether it had arrived', async () => {
    rig.carrier.answers.set(NEW, () => new Promise(() => undefined));
    await missOne();
    up();
    await rig.crash();
    const [first, second] = rig.carrier.attemptsOn(NEW);
    expect(second).toEqual(first);
    expect(arrived()).toEqual(['unaware']);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });

  it.each(['restart', 'crash'] as const)(
    'is sent once when the server is there again, also after a %s',
    async (how) => {
      down();
      const later = await saidBy(OTTO, 'while it is away');
      await missOne();
      await rig.pass(31_000);
      await hear(later);
      await rig.settle();
      expect(rig.process.sender.size.asleep).toBe(1);
      await rig[how]();
      up();
      await rig.pass(10 * MINUTE);
      expect(arrived()).toEqual(['unaware', 'while it is away']);
      expect(await rig.rows('federation_copies')).toEqual([]);
      expect(await rig.rows('federation_unanswered')).toEqual([]);
    },
  );

  it('is sent when the server is there again, without a restart too', async () => {
    down();
    await missOne();
    up();
    await rig.pass(31_000);
    expect(arrived()).toEqual(['unaware']);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });

  it('is not sent to a server that is in the room no more', async () => {
    const unaware = await saidBy(OTTO, 'unaware');
    await letIn(await joinOf(NINA));
    await putToSleep();
    await hear(unaware);
    rig.servers.inRoom.get(room.nid)!.delete(NEW);
    expect(await rig.rows('federation_copies')).toHaveLength(1);
    up();
    await rig.pass(10 * MINUTE);
    expect(arrived()).toEqual(['lost at first']);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });

  it('is not sent to a server that the ACL of the room shuts out', async () => {
    const unaware = await saidBy(OTTO, 'unaware');
    await letIn(await joinOf(NINA));
    const content = { allow: ['*'], deny: [NEW] };
    const acl = { roomId: room.roomId, type: 'm.room.server_acl', stateKey: '', content };
    await rig.process.timeline.send(requester(ALICE), acl);
    await hear(unaware);
    await rig.settle();
    expect(arrived()).toEqual([]);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });

  it('is without its content where only those may see it who were there', async () => {
    const content = { history_visibility: 'joined' };
    const setting = { roomId: room.roomId, type: 'm.room.history_visibility', stateKey: '', content };
    await rig.process.timeline.send(requester(ALICE), setting);
    await missOne('not for all');
    const sent = rig.carrier.attemptsOn(NEW).flatMap(({ pdus }) => pdus);
    expect(sent).toMatchObject([{ type: 'm.room.message', content: {} }]);
    expect(JSON.stringify(sent)).not.toContain('not for all');
  });

  it('holds nothing up when the server refuses one event of it', async () => {
    const events: SignedEvent[] = [];
    for (let i = 0; i < 10; i++) events.push(await saidBy(OTTO, i === 4 ? 'poison' : `event ${i}`));
    rig.carrier.answers.set(NEW, ({ pdus }) => {
      if (pdus.some((pdu) => textOf(pdu) === 'poison'))
        throw new RemoteServerError(NEW, 400, 'M_BAD_JSON', 'no', { errcode: 'M_BAD_JSON' });
    });
    await letIn(await joinOf(NINA));
    const pdus = events.map(({ pdu }) => pdu);
    await rig.process.timeline.ingest.receive(OTHER, pdus);
    await rig.settle();
    await rig.say(room, 'ours');
    await rig.pass(10 * MINUTE);
    const texts = [0, 1, 2, 3, 5, 6, 7, 8, 9].map((i) => `event ${i}`);
    expect(arrived()).toEqual([...texts, 'ours']);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });

  it('holds nothing up when the server falls over it', async () => {
    rig.carrier.answers.set(NEW, ({ pdus }) => {
      if (pdus.some((pdu) => textOf(pdu) === 'poison')) throw new RemoteServerError(NEW, 500, 'M_UNKNOWN', 'oh');
    });
    await missOne('poison');
    await rig.say(room, 'ours');
    for (let hour = 0; hour < 5; hour++) await rig.pass(60 * MINUTE);
    expect(arrived()).toEqual(['ours']);
    expect(await rig.rows('federation_copies')).toEqual([]);
  });
});
