import type { Reader, Storage } from '#platform/storage/storage';
import { bodies, Client, startHouse, type House } from './house';

/** Notes the statements that reads make. */
const statements: string[] = [];

function counting(storage: Storage): Storage {
  const noting =
    <A extends unknown[], R>(read: (sql: string, ...rest: A) => R) =>
    (sql: string, ...rest: A): R => {
      statements.push(sql);
      return read(sql, ...rest);
    };
  const reads = { all: noting(storage.all.bind(storage)), get: noting(storage.get.bind(storage)) } as Reader;
  return Object.assign(Object.create(storage) as Storage, reads, {
    write: storage.write.bind(storage),
    visible: storage.visible.bind(storage),
    subscribe: storage.subscribe.bind(storage),
    announce: storage.announce.bind(storage),
  });
}

let house: House;
beforeAll(async () => {
  house = await startHouse({ wrap: counting });
});
afterAll(() => house.stop());

async function during(work: () => Promise<unknown>): Promise<number> {
  statements.length = 0;
  await work();
  return statements.length;
}

/** An account with this many rooms, each with another member and a message. */
async function account(name: string, count: number) {
  const [user, friend] = [await house.user(name), await house.user(`${name}-friend`)];
  const rooms = [];
  for (let i = 0; i < count; i++) {
    const room = await house.room(user);
    await house.membership.join(friend, room.roomId);
    await house.say(friend, room, `message ${i}`);
    rooms.push(room);
  }
  return { user, friend, rooms };
}

test('a sync without news reads nothing', async () => {
  const { user } = await account('idle', 5);
  const client = new Client(house, user);
  await client.sync();
  await client.sync();
  expect(await during(() => client.sync())).toBe(0);
});

test('one new message costs the same in an account of three rooms and of thirty', async () => {
  const costs = [];
  for (const size of [3, 30]) {
    const { user, friend, rooms } = await account(`busy${size}`, size);
    const client = new Client(house, user);
    await client.sync();
    await house.say(friend, rooms[0]!, 'first');
    await client.sync();
    await house.say(friend, rooms[0]!, 'news');
    const cost = await during(async () => expect(bodies(await client.sync(), rooms[0]!)).toEqual(['news']));
    costs.push(cost);
  }
  expect(costs[0]).toBe(costs[1]);
  expect(costs[0]).toBeLessThanOrEqual(5);
});

test('a first sync reads rooms together: far less than a statement for each section of each room', async () => {
  const { user } = await account('large', 40);
  const client = new Client(house, user);
  expect(await during(() => client.sync())).toBeLessThan(40 * 10);
});
