import { bodies, Client, keys, startHouse, type House } from './house';

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house.stop());

const limit = (n: number) => ({ room: { timeline: { limit: n } } });

test('a first sync gives the newest events and the state before them', async () => {
  const alice = await house.user('alice');
  const room = await house.room(alice, { 'm.room.name': { name: 'Garden' } });
  for (const body of ['one', 'two', 'three']) await house.say(alice, room, body);
  const client = new Client(house, alice, { filterJson: limit(2) });
  const answer = await client.sync();
  const joined = answer.rooms!.join![room.roomId]!;
  expect(bodies(answer, room)).toEqual(['two', 'three']);
  expect(joined.timeline!.limited).toBe(true);
  expect(keys(joined.state!.events)).toEqual([
    'm.room.create|',
    `m.room.member|${alice.userId}`,
    'm.room.power_levels|',
    'm.room.join_rules|',
    'm.room.name|',
  ]);
  expect(joined.state!.events.every((event) => event.room_id === undefined)).toBe(true);
});

test('a room that fits into its timeline has no state before it and nothing more to page to', async () => {
  const bob = await house.user('bob');
  const room = await house.room(bob);
  const answer = await new Client(house, bob).sync();
  const joined = answer.rooms!.join![room.roomId]!;
  expect(joined.timeline!.events).toHaveLength(4);
  expect(joined.timeline!.limited).toBe(false);
  expect(joined.state!.events).toEqual([]);
});

test('nothing new makes an empty answer, without rooms', async () => {
  const carol = await house.user('carol');
  await house.room(carol);
  const client = new Client(house, carol);
  await client.sync();
  const answer = await client.sync();
  expect(answer).toEqual({
    next_batch: client.since,
    device_one_time_keys_count: {},
    device_unused_fallback_key_types: [],
  });
});

test('each new event comes once, in order, and only rooms with news are there', async () => {
  const dave = await house.user('dave');
  const [busy, quiet] = [await house.room(dave), await house.room(dave)];
  const client = new Client(house, dave);
  await client.sync();
  await house.say(dave, busy, 'a');
  await house.say(dave, busy, 'b');
  const first = await client.sync();
  expect(bodies(first, busy)).toEqual(['a', 'b']);
  expect(first.rooms!.join![busy.roomId]!.timeline!.limited).toBe(false);
  expect(first.rooms!.join![busy.roomId]!.state!.events).toEqual([]);
  expect(Object.keys(first.rooms!.join!)).not.toContain(quiet.roomId);
  await house.say(dave, busy, 'c');
  expect(bodies(await client.sync(), busy)).toEqual(['c']);
});

test('a gap is marked, its state changes are told, and its events lie before prev_batch', async () => {
  const erin = await house.user('erin');
  const room = await house.room(erin);
  const client = new Client(house, erin, { filterJson: limit(2) });
  await client.sync();
  const since = client.since!;
  await house.setState(erin, room, 'm.room.topic', { topic: 'first' });
  await house.setState(erin, room, 'm.room.topic', { topic: 'second' });
  for (const body of ['x', 'y', 'z']) await house.say(erin, room, body);
  const answer = await client.sync();
  const joined = answer.rooms!.join![room.roomId]!;
  expect(bodies(answer, room)).toEqual(['y', 'z']);
  expect(joined.timeline!.limited).toBe(true);
  expect(joined.state!.events.map((event) => event.content)).toEqual([{ topic: 'second' }]);
  // The gap, as /messages reads it: from prev_batch back to the old token.
  const start = Number(joined.timeline!.prev_batch!.slice(1));
  const old = await house.timeline.ordinalAt(room, new Map([[1, Number(since.slice(1))]]));
  const gap = await house.timeline.range(room, { from: start + 1, to: old, direction: 'b', limit: 10 });
  expect(gap.map((event) => (event.pdu.content as { body?: string; topic?: string }).body ?? event.type)).toEqual([
    'x',
    'm.room.topic',
    'm.room.topic',
  ]);
});

test('state that the timeline filter hides still reaches the client', async () => {
  const fay = await house.user('fay');
  const room = await house.room(fay);
  const client = new Client(house, fay, { filterJson: { room: { timeline: { types: ['m.room.message'] } } } });
  await client.sync();
  await house.say(fay, room, 'hello');
  await house.setState(fay, room, 'm.room.topic', { topic: 'new' });
  const joined = (await client.sync()).rooms!.join![room.roomId]!;
  expect(joined.timeline!.events.map((event) => event.type)).toEqual(['m.room.message']);
  expect(keys(joined.state!.events)).toEqual(['m.room.topic|']);
});

test('a filter that hides nearly everything is served from further back', async () => {
  const gina = await house.user('gina');
  const room = await house.room(gina);
  await house.say(gina, room, 'wanted');
  for (let i = 0; i < 60; i++) await house.setState(gina, room, 'org.example.noise', { i }, `${i}`);
  const client = new Client(house, gina, {
    filterJson: { room: { timeline: { types: ['m.room.message'], limit: 1 } } },
  });
  const answer = await client.sync();
  expect(bodies(answer, room)).toEqual(['wanted']);
  expect(answer.rooms!.join![room.roomId]!.timeline!.limited).toBe(false);
});

test('with use_state_after the state is that at the end of the timeline, and is always there', async () => {
  const hugo = await house.user('hugo');
  const room = await house.room(hugo);
  const client = new Client(house, hugo, { useStateAfter: true });
  const first = (await client.sync()).rooms!.join![room.roomId]!;
  expect(first.state).toBeUndefined();
  expect(keys(first.state_after!.events)).toContain('m.room.join_rules|');
  await house.setState(hugo, room, 'm.room.topic', { topic: 'after' });
  const second = (await client.sync()).rooms!.join![room.roomId]!;
  expect(keys(second.state_after!.events)).toEqual(['m.room.topic|']);
  expect(keys(second.timeline!.events)).toEqual(['m.room.topic|']);
  await house.say(hugo, room, 'plain');
  expect((await client.sync()).rooms!.join![room.roomId]!.state_after).toEqual({ events: [] });
});

test('full_state gives all rooms with all their state and only new events', async () => {
  const ida = await house.user('ida');
  const room = await house.room(ida);
  const client = new Client(house, ida);
  await client.sync();
  const answer = await client.sync({ fullState: true, timeoutMs: 60_000 });
  const joined = answer.rooms!.join![room.roomId]!;
  expect(joined.timeline!.events).toEqual([]);
  expect(joined.state!.events).toHaveLength(4);
});

test('a limit is kept within bounds, and zero means no timeline', async () => {
  const jo = await house.user('jo');
  const room = await house.room(jo);
  for (let i = 0; i < 120; i++) await house.say(jo, room, `${i}`);
  const greedy = await new Client(house, jo, { filterJson: limit(1_000_000) }).sync();
  expect(greedy.rooms!.join![room.roomId]!.timeline!.events).toHaveLength(100);
  const none = (await new Client(house, jo, { filterJson: limit(0) }).sync()).rooms!.join![room.roomId]!;
  expect(none.timeline!.events).toEqual([]);
  expect(none.timeline!.limited).toBe(true);
  expect(none.state!.events).toHaveLength(4);
});

test('rooms can be chosen by the filter', async () => {
  const kim = await house.user('kim');
  const [one, two] = [await house.room(kim), await house.room(kim)];
  const answer = await new Client(house, kim, { filterJson: { room: { not_rooms: [one.roomId] } } }).sync();
  expect(Object.keys(answer.rooms!.join!)).toEqual([two.roomId]);
});

test('events are reduced to the fields that the filter names', async () => {
  const leo = await house.user('leo');
  const room = await house.room(leo);
  await house.say(leo, room, 'short');
  const answer = await new Client(house, leo, { filterJson: { event_fields: ['content.body'] } }).sync();
  const last = answer.rooms!.join![room.roomId]!.timeline!.events.at(-1)!;
  expect(Object.keys(last).sort()).toEqual(['content', 'event_id', 'sender', 'type']);
  expect(last.content).toEqual({ body: 'short' });
});

test('a filter can ask for events as servers exchange them; what was redacted stays so', async () => {
  const mel = await house.user('mel');
  const room = await house.room(mel);
  const eventId = await house.say(mel, room, 'regretted');
  await house.timeline.send(mel, { roomId: room.roomId, type: 'm.room.redaction', content: {}, redacts: eventId });
  const answer = await new Client(house, mel, { filterJson: { event_format: 'federation' } }).sync();
  const event = answer.rooms!.join![room.roomId]!.timeline!.events.find((candidate) => candidate.event_id === eventId)!;
  expect(event).toMatchObject({ depth: 5, content: {}, prev_events: [expect.any(String)] });
  expect(event.signatures).toHaveProperty(['trellis.test']);
});
