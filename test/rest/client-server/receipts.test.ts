import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

interface JoinedRoom {
  readonly ephemeral?: { readonly events: readonly { type: string; content: JsonObject }[] };
  readonly account_data?: { readonly events: readonly { type: string; content: JsonObject }[] };
  readonly unread_notifications?: { notification_count: number; highlight_count: number };
  readonly unread_thread_notifications?: Record<string, { notification_count: number; highlight_count: number }>;
}
interface Sync {
  readonly next_batch: string;
  readonly presence?: { readonly events: readonly JsonObject[] };
  readonly rooms?: { readonly join?: Record<string, JoinedRoom> };
}

describe('receipts, typing, presence and unread counts over HTTP', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let roomId: string;
  let transaction = 0;
  beforeAll(async () => {
    server = await startTestServer();
    [alice, bob] = [await server.registerUser('alice'), await server.registerUser('bob')];
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    const body = { preset: 'public_chat' };
    roomId = (await alice.api.call<{ room_id: string }>('POST', '/_matrix/client/v3/createRoom', { body })).room_id;
    await bob.api.call('POST', `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, { body: {} });
  });

  const room = (rest: string) => `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${rest}`;
  const send = async (user: TestUser, content: JsonObject = {}) => {
    const body = { msgtype: 'm.text', body: 'hello', ...content };
    const path = room(`send/m.room.message/${transaction++}`);
    return (await user.api.call<{ event_id: string }>('PUT', path, { body })).event_id;
  };
  const sync = (user: TestUser, since?: string, filter?: JsonObject) =>
    user.api.call<Sync>('GET', '/_matrix/client/v3/sync', {
      query: { since, timeout: 0, filter: filter && JSON.stringify(filter) },
    });
  const joined = (answer: Sync): JoinedRoom => answer.rooms?.join?.[roomId] ?? {};
  const receipt = (user: TestUser, type: string, eventId: string, body: JsonObject = {}) =>
    user.api.post(room(`receipt/${type}/${encodeURIComponent(eventId)}`), body);

  it('shows a public receipt to both and a private one to its owner', async () => {
    const eventId = await send(alice);
    const [a, b] = [await sync(alice), await sync(bob)];
    expect((await receipt(bob, 'm.read', eventId)).status).toBe(200);
    const second = await send(alice);
    await receipt(bob, 'm.read.private', second);
    const seen = async (user: TestUser, since: string) =>
      joined(await sync(user, since)).ephemeral!.events.find((event) => event.type === 'm.receipt')!.content;
    expect(Object.keys(await seen(alice, a.next_batch))).toEqual([eventId]);
    expect(Object.keys(await seen(bob, b.next_batch)).sort()).toEqual([eventId, second].sort());
  });

  it('answers bad receipts as the specification says', async () => {
    const eventId = await send(alice);
    const errcode = async (type: string, event: string, body?: JsonObject) => {
      const reply = await receipt(bob, type, event, body);
      return [reply.status, reply.body.errcode];
    };
    expect(await errcode('m.unknown', eventId)).toEqual([400, 'M_INVALID_PARAM']);
    expect(await errcode('m.read', '$unknown')).toEqual([404, 'M_NOT_FOUND']);
    expect(await errcode('m.read', eventId, { thread_id: '' })).toEqual([400, 'M_INVALID_PARAM']);
    expect((await receipt(bob, 'm.read', eventId, { thread_id: 5 })).status).toBe(400);
    expect(await errcode('m.fully_read', eventId, { thread_id: 'main' })).toEqual([400, 'M_INVALID_PARAM']);
    const carol = await server.registerUser(`carol${transaction++}`);
    expect((await receipt(carol, 'm.read', eventId)).status).toBe(403);
  });

  it('sets the fully-read marker and receipts together and brings the marker down sync', async () => {
    const eventId = await send(alice);
    const { next_batch: since } = await sync(bob);
    expect((await bob.api.post(room('read_markers'), { 'm.fully_read': eventId, 'm.read': eventId })).status).toBe(200);
    const news = joined(await sync(bob, since));
    expect(news.account_data!.events).toEqual([{ type: 'm.fully_read', content: { event_id: eventId } }]);
    expect(news.unread_notifications).toEqual({ notification_count: 0, highlight_count: 0 });
    const path = `/_matrix/client/v3/user/${bob.userId}/rooms/${roomId}/account_data/m.fully_read`;
    expect((await bob.api.put(path, { event_id: '$forged' })).status).toBe(405);
  });

  it('brings a new count in the same answer as its event, by thread when asked', async () => {
    const { next_batch: since } = await sync(bob);
    const root = await send(alice, { 'm.mentions': { user_ids: [bob.userId] } });
    await send(alice, { 'm.relates_to': { rel_type: 'm.thread', event_id: root } });
    expect(joined(await sync(bob, since)).unread_notifications).toEqual({ notification_count: 2, highlight_count: 1 });
    const filter = { room: { timeline: { unread_thread_notifications: true } } };
    const threaded = joined(await sync(bob, since, filter));
    expect(threaded.unread_notifications).toEqual({ notification_count: 1, highlight_count: 1 });
    expect(threaded.unread_thread_notifications).toEqual({ [root]: { notification_count: 1, highlight_count: 0 } });
    const after = (await sync(bob)).next_batch;
    await receipt(bob, 'm.read', root, { thread_id: 'main' });
    const rest = joined(await sync(bob, after, filter));
    expect(rest.unread_notifications).toEqual({ notification_count: 0, highlight_count: 0 });
  });

  it('relays typing until it ends', async () => {
    const { next_batch: since } = await sync(alice);
    const typing = (user: TestUser, userId: string, body: JsonObject) => user.api.put(room(`typing/${userId}`), body);
    const users = async (from: string) => {
      const answer = await sync(alice, from);
      const event = joined(answer).ephemeral?.events.find(({ type }) => type === 'm.typing');
      return { users: event?.content.user_ids, next: answer.next_batch };
    };
    expect((await typing(bob, bob.userId, { typing: true, timeout: 30_000 })).status).toBe(200);
    const begun = await users(since);
    expect(begun.users).toEqual([bob.userId]);
    await typing(bob, bob.userId, { typing: false });
    expect((await users(begun.next)).users).toEqual([]);
    expect((await typing(bob, alice.userId, { typing: true })).status).toBe(403);
    expect((await typing(bob, bob.userId, {})).body.errcode).toBe('M_MISSING_PARAM');
  });

  it('shows presence to those who share a room, in sync too', async () => {
    const { next_batch: since } = await sync(alice);
    const status = (userId: string) => `/_matrix/client/v3/presence/${encodeURIComponent(userId)}/status`;
    expect((await bob.api.put(status(bob.userId), { presence: 'unavailable', status_msg: 'lunch' })).status).toBe(200);
    expect((await alice.api.get(status(bob.userId))).body).toMatchObject({
      presence: 'unavailable',
      status_msg: 'lunch',
    });
    const events = (await sync(alice, since)).presence!.events.filter((event) => event.sender === bob.userId);
    expect(events).toMatchObject([{ type: 'm.presence', content: { presence: 'unavailable', status_msg: 'lunch' } }]);
    expect((await alice.api.put(status(bob.userId), { presence: 'online' })).status).toBe(403);
    expect((await bob.api.put(status(bob.userId), { presence: 'dancing' })).status).toBe(400);
    const stranger = await server.registerUser(`stranger${transaction++}`);
    expect((await stranger.api.get(status(bob.userId))).body.errcode).toBe('M_FORBIDDEN');
  });
});
