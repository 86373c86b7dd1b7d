import { Client, keys, startHouse, type House } from './house';
import type { JsonObject } from '#kernel/json';

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const lazy = (more: JsonObject = {}, limit = 2) => ({
  room: { state: { lazy_load_members: true, ...more }, timeline: { limit } },
});

const members = (events: readonly { type: string; state_key?: string }[] | undefined) =>
  keys(events)
    .filter((key) => key.startsWith('m.room.member|'))
    .map((key) => key.slice('m.room.member|@'.length).split(':')[0]);

/** A named room of `names[0]` that all others have joined. */
async function crowd(...names: string[]) {
  const users = [];
  for (const name of names) users.push(await house.user(name));
  const room = await house.room(users[0]!, { 'm.room.name': { name: 'Crowd' } });
  for (const user of users.slice(1)) await house.membership.join(user, room.roomId);
  return { room, users };
}

test('only the reader and the senders shown are sent, with all other state', async () => {
  const { room, users } = await crowd('a1', 'b1', 'c1', 'd1');
  const [reader, b, c] = users as [(typeof users)[0], (typeof users)[0], (typeof users)[0]];
  await house.say(b, room, 'one');
  await house.say(c, room, 'two');
  await house.say(c, room, 'three');
  const joined = (await new Client(house, reader, { filterJson: lazy() }).sync()).rooms!.join![room.roomId]!;
  expect(members(joined.state!.events)).toEqual(['a1', 'c1']);
  expect(keys(joined.state!.events)).toEqual(expect.arrayContaining(['m.room.name|', 'm.room.power_levels|']));
});

test('heroes of a nameless room are sent too', async () => {
  const { room, users } = await crowd('a2', 'b2', 'c2');
  await house.setState(users[0]!, room, 'm.room.name', {});
  for (const body of ['x', 'y']) await house.say(users[0]!, room, body);
  const joined = (await new Client(house, users[0]!, { filterJson: lazy() }).sync()).rooms!.join![room.roomId]!;
  expect(members(joined.state!.events)).toEqual(['a2', 'b2', 'c2']);
  expect(joined.summary!['m.heroes']).toEqual([users[1]!.userId, users[2]!.userId]);
});

test('a sender is sent once, and again only to a client that did not confirm the answer', async () => {
  const { room, users } = await crowd('a3', 'b3');
  const client = new Client(house, users[0]!, { filterJson: lazy() });
  for (const body of ['x', 'y']) await house.say(users[0]!, room, body);
  await client.sync();
  const before = client.since;
  await house.say(users[1]!, room, 'hello');
  expect(members((await client.sync()).rooms!.join![room.roomId]!.state!.events)).toEqual(['b3']);
  client.since = before;
  expect(members((await client.sync()).rooms!.join![room.roomId]!.state!.events)).toEqual(['b3']);
  await house.say(users[1]!, room, 'again');
  expect(members((await client.sync()).rooms!.join![room.roomId]!.state!.events)).toEqual([]);
});

test('with include_redundant_members senders are always sent', async () => {
  const { room, users } = await crowd('a4', 'b4');
  const client = new Client(house, users[0]!, { filterJson: lazy({ include_redundant_members: true }) });
  await client.sync();
  for (const body of ['x', 'y']) {
    await house.say(users[1]!, room, body);
    expect(members((await client.sync()).rooms!.join![room.roomId]!.state!.events)).toEqual(['b4']);
  }
});

test('members who changed in a gap are sent, whether they spoke or not', async () => {
  const { room, users } = await crowd('a5', 'b5', 'c5');
  const client = new Client(house, users[0]!, { filterJson: lazy() });
  await client.sync();
  await house.membership.leave(users[2]!, room.roomId);
  await house.setState(users[1]!, room, 'm.room.member', { membership: 'join', displayname: 'B' }, users[1]!.userId);
  for (const body of ['x', 'y', 'z']) await house.say(users[0]!, room, body);
  const joined = (await client.sync()).rooms!.join![room.roomId]!;
  expect(joined.timeline!.limited).toBe(true);
  expect(members(joined.state!.events).sort()).toEqual(['b5', 'c5']);
});

test('a newly joined room has the own member event', async () => {
  const { room, users } = await crowd('a6', 'b6');
  const newcomer = await house.user('c6');
  const client = new Client(house, newcomer, { filterJson: lazy({}, 1) });
  await client.sync();
  await house.membership.join(newcomer, room.roomId);
  await house.say(users[1]!, room, 'welcome');
  const joined = (await client.sync()).rooms!.join![room.roomId]!;
  expect(members(joined.state!.events)).toEqual(['b6', 'c6']);
});

test('a client that starts anew is sent what it was sent before', async () => {
  const { room, users } = await crowd('a7', 'b7');
  const client = new Client(house, users[0]!, { filterJson: lazy({}, 1) });
  await house.say(users[1]!, room, 'x');
  await client.sync();
  client.since = undefined;
  expect(members((await client.sync()).rooms!.join![room.roomId]!.state!.events)).toEqual(['a7', 'b7']);
});

test('with use_state_after the senders stand as they are at the end', async () => {
  const { room, users } = await crowd('a8', 'b8');
  const client = new Client(house, users[0]!, { filterJson: lazy({}, 10), useStateAfter: true });
  await client.sync();
  await house.say(users[1]!, room, 'old name');
  await house.setState(users[1]!, room, 'm.room.member', { membership: 'join', displayname: 'New' }, users[1]!.userId);
  const { events } = (await client.sync()).rooms!.join![room.roomId]!.state_after!;
  expect(events.map((event) => event.content.displayname)).toEqual(['New']);
});
