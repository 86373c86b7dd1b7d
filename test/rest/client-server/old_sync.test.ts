import { startTestServer, type TestServer, type TestUser } from '../../support/server';

interface Event {
  event_id: string;
  type: string;
  room_id: string;
  state_key?: string;
  content: { body?: string; membership?: string };
}

interface OldRoom {
  room_id: string;
  membership: string;
  visibility: string;
  invite?: Event;
  messages?: { start: string; end: string; chunk: Event[] };
  state?: Event[];
}

interface Chunk {
  start: string;
  end: string;
  chunk: Event[];
}

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  [alice, bob] = [await server.registerUser('alice'), await server.registerUser('bob')];
});
afterAll(() => server.stop());

const V3 = '/_matrix/client/v3';

async function createRoom(user: TestUser, options: object): Promise<string> {
  return (await user.api.call<{ room_id: string }>('POST', `${V3}/createRoom`, { body: options })).room_id;
}

async function say(user: TestUser, roomId: string, body: string): Promise<string> {
  const path = `${V3}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${body}`;
  return (await user.api.call<{ event_id: string }>('PUT', path, { body: { msgtype: 'm.text', body } })).event_id;
}

const said = (events: readonly Event[]) => events.flatMap((event) => event.content.body ?? []);

test('initialSync gives rooms with their present state and newest messages, and a token to go on from', async () => {
  const roomId = await createRoom(alice, { preset: 'public_chat', visibility: 'public' });
  for (const body of ['one', 'two', 'three']) await say(alice, roomId, body);
  const answer = await alice.api.call<{ end: string; rooms: OldRoom[] }>('GET', `${V3}/initialSync`, {
    query: { limit: 2 },
  });
  const room = answer.rooms.find((candidate) => candidate.room_id === roomId)!;
  expect(room).toMatchObject({ membership: 'join', visibility: 'public' });
  expect(said(room.messages!.chunk)).toEqual(['two', 'three']);
  expect(room.state!.map((event) => event.type)).toContain('m.room.power_levels');
  expect([...room.state!, ...room.messages!.chunk].every((event) => event.room_id === roomId)).toBe(true);
  await say(alice, roomId, 'four');
  const news = await alice.api.call<Chunk>('GET', `${V3}/events`, { query: { from: answer.end, timeout: 10_000 } });
  expect(said(news.chunk)).toEqual(['four']);
  expect(news.start).toBe(answer.end);
  const before = { from: room.messages!.start, dir: 'b', limit: 1 };
  const path = `${V3}/rooms/${encodeURIComponent(roomId)}/messages`;
  expect(said((await alice.api.call<Chunk>('GET', path, { query: before })).chunk)).toEqual(['one']);
});

test('events waits for the next event, and tells of invites', async () => {
  const { end } = await bob.api.call<Chunk>('GET', `${V3}/events`, { query: { timeout: 0 } });
  const waiting = bob.api.call<Chunk>('GET', `${V3}/events`, { query: { from: end, timeout: 20_000 } });
  const roomId = await createRoom(alice, { preset: 'private_chat', invite: [bob.userId] });
  const { chunk } = await waiting;
  expect(chunk).toMatchObject([{ room_id: roomId, state_key: bob.userId, content: { membership: 'invite' } }]);
  const { rooms } = await bob.api.call<{ rooms: OldRoom[] }>('GET', `${V3}/initialSync`);
  expect(rooms.find((room) => room.room_id === roomId)).toMatchObject({
    membership: 'invite',
    invite: { room_id: roomId },
  });
});

test('events leaves messages to devices for sync', async () => {
  const start = await bob.api.call<{ next_batch: string }>('GET', `${V3}/sync`);
  const messages = { [bob.userId]: { [bob.deviceId]: { n: 1 } } };
  await alice.api.call('PUT', `${V3}/sendToDevice/org.example.note/1`, { body: { messages } });
  const { end } = await bob.api.call<Chunk>('GET', `${V3}/events`, { query: { timeout: 0 } });
  await bob.api.call<Chunk>('GET', `${V3}/events`, { query: { from: end, timeout: 0 } });
  const answer = await bob.api.call<{ to_device: { events: unknown[] } }>('GET', `${V3}/sync`, {
    query: { since: start.next_batch },
  });
  expect(answer.to_device.events).toHaveLength(1);
});

test('one event is found by its id by those who may see it', async () => {
  const roomId = await createRoom(alice, { preset: 'private_chat' });
  const eventId = await say(alice, roomId, 'private');
  const path = `${V3}/events/${encodeURIComponent(eventId)}`;
  expect(await alice.api.call('GET', path)).toMatchObject({ event_id: eventId, content: { body: 'private' } });
  expect((await bob.api.get(path)).body).toMatchObject({ errcode: 'M_NOT_FOUND' });
});

test('a room’s initialSync is for its members, and for everybody when the room is world-readable', async () => {
  const roomId = await createRoom(alice, { preset: 'private_chat' });
  for (const body of ['first', 'second']) await say(alice, roomId, body);
  const path = `${V3}/rooms/${encodeURIComponent(roomId)}/initialSync`;
  expect((await bob.api.get(path)).status).toBe(403);
  const state = `${V3}/rooms/${encodeURIComponent(roomId)}/state/m.room.history_visibility`;
  await alice.api.call('PUT', state, { body: { history_visibility: 'world_readable' } });
  await say(alice, roomId, 'open');
  const seen = await bob.api.call<OldRoom>('GET', path);
  expect(seen.membership).toBeUndefined();
  expect(said(seen.messages!.chunk)).toEqual(['open']);
  const own = await alice.api.call<OldRoom>('GET', path);
  expect(own).toMatchObject({ membership: 'join', visibility: 'private' });
  expect(said(own.messages!.chunk)).toEqual(['first', 'second', 'open']);
});

test('the oldest paths reach the same readers', async () => {
  const answer = await alice.api.call<{ end: string }>('GET', '/_matrix/client/r0/initialSync');
  await alice.api.call('GET', '/_matrix/client/r0/events', { query: { from: answer.end, timeout: 0 } });
});
