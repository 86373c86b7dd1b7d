import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { stateMapKey, type RoomInfo } from '../../../../src/domain/room-state';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Reader, Storage } from '#platform/storage/storage';
import type { ClientEvent } from '#protocol/events/index';
import { Client, startHouse, type House } from './house';
import { Replica } from './replica';

type Action = 'say' | 'state' | 'join' | 'leave' | 'redact' | 'read' | 'rename';

interface Step {
  readonly action: Action;
  readonly room: number;
  readonly pause: number;
  readonly n: number;
}

interface ReaderPlan {
  readonly user: number;
  readonly limit: number;
  readonly lazy: boolean;
  readonly messagesOnly: boolean;
  readonly stateAfter: boolean;
  readonly timeouts: readonly number[];
}

const USERS = 4;
const ROOMS = 2;

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.oneof(
    { weight: 8, arbitrary: fc.constant<Action>('say') },
    { weight: 3, arbitrary: fc.constantFrom<Action>('state', 'rename') },
    { weight: 3, arbitrary: fc.constantFrom<Action>('join', 'leave') },
    { weight: 1, arbitrary: fc.constantFrom<Action>('redact', 'read') },
  ),
  room: fc.nat({ max: ROOMS - 1 }),
  pause: fc.integer({ min: 0, max: 3 }),
  n: fc.nat({ max: 3 }),
});

const plan: fc.Arbitrary<ReaderPlan> = fc.record({
  user: fc.nat({ max: USERS - 1 }),
  limit: fc.integer({ min: 1, max: 6 }),
  lazy: fc.boolean(),
  messagesOnly: fc.boolean(),
  stateAfter: fc.boolean(),
  timeouts: fc.array(fc.constantFrom(0, 5, 40), { minLength: 1, maxLength: 5 }),
});

/** Lets other work run before each read, as a database over the network does: reads of one answer meet many commits. */
function slowReads(storage: Storage): Storage {
  const yielding =
    <A extends unknown[], R>(read: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await new Promise((next) => setImmediate(next));
      return read(...args);
    };
  const reads: Reader = {
    all: yielding(storage.all.bind(storage)) as Reader['all'],
    get: yielding(storage.get.bind(storage)) as Reader['get'],
  };
  return Object.assign(Object.create(storage) as Storage, reads, {
    write: storage.write.bind(storage),
    visible: storage.visible.bind(storage),
    subscribe: storage.subscribe.bind(storage),
    announce: storage.announce.bind(storage),
  });
}

let house: House;
beforeAll(async () => {
  house = await startHouse({ wrap: slowReads });
});
afterAll(() => house.stop());

let runs = 0;

async function act(user: Requester, room: RoomInfo, { action, n }: Step): Promise<void> {
  const send = (type: string, content: JsonObject, stateKey?: string) =>
    house.timeline.send(user, { roomId: room.roomId, type, content, stateKey });
  const latest = async () => (await house.timeline.range(room, { direction: 'b', limit: 1 }))[0]!.eventId;
  switch (action) {
    case 'say':
      return void (await send('m.room.message', { msgtype: 'm.text', body: `${n}` }));
    case 'state':
      return void (await send('org.example.state', { n, by: user.userId }, `${n}`));
    case 'rename':
      return void (await send('m.room.member', { membership: 'join', displayname: `name ${n}` }, user.userId));
    case 'join':
      return void (await house.membership.join(user, room.roomId));
    case 'leave':
      return house.membership.leave(user, room.roomId);
    case 'redact':
      return void (await house.timeline.send(user, {
        roomId: room.roomId,
        type: 'm.room.redaction',
        content: {},
        redacts: await latest(),
      }));
    case 'read':
      return house.receipts.set(user, { roomId: room.roomId, type: 'm.read', eventId: await latest() });
  }
}

/** Does the steps one after another; what the room's rules refuse does not happen. */
async function write(user: Requester, rooms: readonly RoomInfo[], steps: readonly Step[]): Promise<void> {
  for (const one of steps) {
    await act(user, rooms[one.room]!, one).catch((error: Error & { errcode?: string }) => {
      if (error.errcode !== 'M_FORBIDDEN' && error.errcode !== 'M_NOT_FOUND') throw error;
    });
    if (one.pause > 0) await sleep(one.pause);
  }
}

function newReplica(user: Requester, rooms: readonly RoomInfo[], reader: ReaderPlan, index: number): Replica {
  const requester = { ...user, deviceId: `READER${index}`, tokenId: 1_000 + index };
  const types: JsonObject = reader.messagesOnly ? { types: ['m.room.message'] } : {};
  const filterJson: JsonObject = {
    room: { timeline: { limit: reader.limit, ...types }, state: { lazy_load_members: reader.lazy } },
  };
  const client = new Client(house, requester, { filterJson, useStateAfter: reader.stateAfter });
  const wanted = (event: ClientEvent) => !reader.messagesOnly || event.type === 'm.room.message';
  return new Replica(house, client, rooms, wanted);
}

async function check(replica: Replica, user: Requester, room: RoomInfo, reader: ReaderPlan): Promise<void> {
  const member = await house.membership.of(user.userId, room.roomId);
  if (member?.membership !== 'join') return;
  const copy = replica.rooms.get(room.roomId)!;
  // Of members who changed in its absence, a lazy client is told when they speak.
  const hasBeenAway = (await house.timeline.range(room, { direction: 'f', limit: 10_000 })).some(
    (event) => event.stateKey === user.userId && (event.pdu.content as JsonObject).membership === 'leave',
  );
  const all = await house.timeline.range(room, { direction: 'f', limit: 10_000 });
  const visible = await house.eventViews.forUser(user.userId, room, all);
  const wanted = visible.filter((event) => !reader.messagesOnly || event.type === 'm.room.message');
  expect(copy.events).toEqual(wanted.map((event) => event.event_id));
  for (const event of await house.timeline.currentStateAll(room)) {
    const mine = copy.state.get(stateMapKey(event.type, event.stateKey!));
    if (event.type === 'm.room.member' && reader.lazy && (mine === undefined || hasBeenAway)) continue;
    expect([event.type, event.stateKey, mine]).toEqual([event.type, event.stateKey, event.eventId]);
  }
}

async function run(writers: readonly (readonly Step[])[], plans: readonly ReaderPlan[]): Promise<void> {
  runs++;
  const users: Requester[] = [];
  for (let i = 0; i < USERS; i++) users.push(await house.user(`u${runs}-${i}`));
  const rooms: RoomInfo[] = [];
  for (let i = 0; i < ROOMS; i++)
    rooms.push(
      await house.room(users[0]!, {
        'm.room.history_visibility': { history_visibility: i === 0 ? 'shared' : 'joined' },
      }),
    );
  for (const room of rooms) {
    const users_default = 50;
    await house.setState(users[0]!, room, 'm.room.power_levels', { users: { [users[0]!.userId]: 100 }, users_default });
    for (const user of users.slice(1, 3)) await house.membership.join(user, room.roomId);
  }
  let writing = true;
  const writes = Promise.all(writers.map((steps, i) => write(users[i % USERS]!, rooms, steps))).finally(
    () => (writing = false),
  );
  const replicas = plans.map((reader, i) => newReplica(users[reader.user]!, rooms, reader, i));
  const reads = replicas.map(async (replica, i) => {
    const { timeouts } = plans[i]!;
    for (let n = 0; writing; n++) {
      await replica.sync(timeouts[n % timeouts.length]!);
      await new Promise((next) => setImmediate(next));
    }
    await replica.sync(0);
  });
  await Promise.all([writes, ...reads]);
  for (const [i, replica] of replicas.entries()) {
    for (const room of rooms) await check(replica, users[plans[i]!.user]!, room, plans[i]!);
  }
}

test('whatever is written meanwhile, every reader gets every visible event once, in the room’s order, and its state', async () => {
  const writers = fc.array(fc.array(step, { minLength: 5, maxLength: 25 }), { minLength: 2, maxLength: USERS });
  await fc.assert(fc.asyncProperty(writers, fc.array(plan, { minLength: 1, maxLength: 5 }), run), {
    numRuns: 40,
    endOnFailure: true,
  });
}, 120_000);
