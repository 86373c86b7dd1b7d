import { Client, startHouse, type House } from './house';

let house: House;
beforeAll(async () => {
  house = await startHouse({ presence: true });
});
afterAll(() => house.stop());

async function pair(one: string, two: string, encrypted = false) {
  const [a, b] = [await house.user(one), await house.user(two)];
  const room = await house.room(a, encrypted ? { 'm.room.encryption': { algorithm: 'm.megolm.v1.aes-sha2' } } : {});
  await house.membership.join(b, room.roomId);
  return { a, b, room };
}

const offline = { setPresence: 'offline' } as const;

test('typing is told when it begins and when it ends', async () => {
  const { a, b, room } = await pair('typer', 'watcher');
  const client = new Client(house, b, offline);
  await client.sync();
  await house.typing.set(a, { roomId: room.roomId, userId: a.userId, typing: true });
  const typing = { type: 'm.typing', content: { user_ids: [a.userId] } };
  expect((await client.sync()).rooms!.join![room.roomId]!.ephemeral!.events).toEqual([typing]);
  expect((await client.sync()).rooms).toBeUndefined();
  expect((await new Client(house, b, offline).sync()).rooms!.join![room.roomId]!.ephemeral!.events).toEqual([typing]);
  await house.typing.set(a, { roomId: room.roomId, userId: a.userId, typing: false });
  const ended = { type: 'm.typing', content: { user_ids: [] } };
  expect((await client.sync()).rooms!.join![room.roomId]!.ephemeral!.events).toEqual([ended]);
});

test('receipts come in one event a room; private ones to their owner only', async () => {
  const { a, b, room } = await pair('reader', 'other');
  const [first, second] = [await house.say(b, room, '1'), await house.say(b, room, '2')];
  const [mine, theirs] = [new Client(house, a, offline), new Client(house, b, offline)];
  await mine.sync();
  await theirs.sync();
  await house.receipts.set(a, { roomId: room.roomId, type: 'm.read', eventId: first });
  await house.receipts.set(a, { roomId: room.roomId, type: 'm.read.private', eventId: second });
  const own = (await mine.sync()).rooms!.join![room.roomId]!.ephemeral!.events;
  expect(own).toHaveLength(1);
  expect(own[0]!.content).toMatchObject({
    [first]: { 'm.read': { [a.userId]: {} } },
    [second]: { 'm.read.private': { [a.userId]: {} } },
  });
  const seen = (await theirs.sync()).rooms!.join![room.roomId]!.ephemeral!.events;
  expect(Object.keys(seen[0]!.content)).toEqual([first]);
});

test('unread counts come with their event, and again when they are read', async () => {
  const { a, b, room } = await pair('counter', 'sender');
  const client = new Client(house, a, offline);
  await client.sync();
  const eventId = await house.say(b, room, 'hello');
  const counts = { highlight_count: 0, notification_count: 1 };
  expect((await client.sync()).rooms!.join![room.roomId]!.unread_notifications).toEqual(counts);
  await house.receipts.set(a, { roomId: room.roomId, type: 'm.read', eventId });
  const read = (await client.sync()).rooms!.join![room.roomId]!.unread_notifications;
  expect(read).toEqual({ highlight_count: 0, notification_count: 0 });
});

test('threads are counted apart when the filter asks for it', async () => {
  const { a, b, room } = await pair('threader', 'poster');
  const root = await house.say(a, room, 'root');
  const filterJson = { room: { timeline: { unread_thread_notifications: true } } };
  const [split, whole] = [new Client(house, a, { ...offline, filterJson }), new Client(house, a, offline)];
  await split.sync();
  await whole.sync();
  const relation = { rel_type: 'm.thread', event_id: root };
  const content = { msgtype: 'm.text', body: 'in thread', 'm.relates_to': relation };
  await house.timeline.send(b, { roomId: room.roomId, type: 'm.room.message', content });
  const apart = (await split.sync()).rooms!.join![room.roomId]!;
  expect(apart.unread_notifications!.notification_count).toBe(0);
  expect(apart.unread_thread_notifications).toEqual({ [root]: { highlight_count: 0, notification_count: 1 } });
  const together = (await whole.sync()).rooms!.join![room.roomId]!;
  expect(together.unread_notifications!.notification_count).toBe(1);
  expect(together.unread_thread_notifications).toBeUndefined();
});

test('account data of rooms comes with its room, and with all of it when the room is new', async () => {
  const { a, b, room } = await pair('tagger', 'tagged');
  const client = new Client(house, a, offline);
  await client.sync();
  await house.accountData.set(a.userId, room.roomId, 'org.example.mark', { n: 1 });
  const marks = (await client.sync()).rooms!.join![room.roomId]!.account_data!.events;
  expect(marks).toEqual([{ type: 'org.example.mark', content: { n: 1 } }]);
  await house.membership.leave(b, room.roomId);
  await house.accountData.set(b.userId, room.roomId, 'org.example.mark', { n: 2 });
  const other = new Client(house, b, offline);
  await other.sync();
  await house.membership.join(b, room.roomId);
  const again = (await other.sync()).rooms!.join![room.roomId]!.account_data!.events;
  expect(again).toEqual([{ type: 'org.example.mark', content: { n: 2 } }]);
});

test('presence of those one shares a room with is told, that of strangers is not', async () => {
  const { a, b } = await pair('shy', 'bold');
  const stranger = await house.user('stranger');
  const client = new Client(house, a, offline);
  await client.sync();
  await house.presence.set(b, b.userId, { presence: 'unavailable', statusMsg: 'tea' });
  await house.presence.set(stranger, stranger.userId, { presence: 'online' });
  const { events } = (await client.sync()).presence!;
  expect(events.map((event) => event.sender)).toEqual([b.userId]);
  expect(events[0]!.content).toMatchObject({ presence: 'unavailable', status_msg: 'tea' });
});

test('users met in an encrypted room are named for their devices, users parted from as left', async () => {
  const { a, b, room } = await pair('crypter', 'crypted', true);
  const client = new Client(house, a, offline);
  await client.sync();
  const newcomer = await house.user('newcomer');
  await house.membership.join(newcomer, room.roomId);
  expect((await client.sync()).device_lists).toEqual({ changed: [newcomer.userId], left: [] });
  await house.storage.write((tx) => house.devices.announceChange(tx, b.userId));
  expect((await client.sync()).device_lists).toEqual({ changed: [b.userId], left: [] });
  await house.membership.leave(b, room.roomId);
  expect((await client.sync()).device_lists).toEqual({ changed: [], left: [b.userId] });
  await house.say(a, room, 'nobody came or went');
  expect((await client.sync()).device_lists).toBeUndefined();
  await house.membership.leave(a, room.roomId);
  expect((await client.sync()).device_lists!.left).toEqual([newcomer.userId]);
});

test('all members of a room that becomes encrypted are named', async () => {
  const { a, b, room } = await pair('plain', 'fellow');
  const client = new Client(house, a, offline);
  await client.sync();
  await house.setState(a, room, 'm.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' });
  expect((await client.sync()).device_lists!.changed).toContain(b.userId);
});

test('devices of strangers are nobody else’s news', async () => {
  const [one, two] = [await house.user('loner1'), await house.user('loner2')];
  const client = new Client(house, one, offline);
  await client.sync();
  await house.storage.write((tx) => house.devices.announceChange(tx, two.userId));
  expect((await client.sync()).device_lists).toBeUndefined();
});
