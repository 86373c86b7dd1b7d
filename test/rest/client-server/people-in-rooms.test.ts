import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

const V3 = '/_matrix/client/v3';

describe('people in rooms and syncs', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(async () => {
    count += 1;
    alice = await server.registerUser(`alice${count}`);
    bob = await server.registerUser(`bob${count}`);
  });
  afterAll(() => server.stop());

  const createRoom = async (user: TestUser, body: object = { preset: 'public_chat' }) =>
    (await user.api.call<{ room_id: string }>('POST', `${V3}/createRoom`, { body })).room_id;
  const member = async (room: string, user: TestUser, of: TestUser) =>
    (await of.api.get(`${V3}/rooms/${room}/state/m.room.member/${user.userId}`)).body;
  const sync = async (user: TestUser, since?: string, timeout = 0) =>
    user.api.get<Sync>(`${V3}/sync`, { since, timeout });
  const eventually = async (check: () => Promise<boolean>) => {
    for (let i = 0; i < 200; i += 1) {
      if (await check()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('did not happen');
  };

  interface Sync {
    next_batch: string;
    errcode?: string;
    account_data: { events: { type: string; content: JsonObject }[] };
    to_device: { events: JsonObject[] };
    device_lists: { changed: string[] };
    rooms: { join: Record<string, { account_data: { events: JsonObject[] } }> };
  }

  it('carry a new name and avatar into every room that they are in', async () => {
    const rooms = [await createRoom(alice), await createRoom(alice)];
    const left = await createRoom(alice);
    await alice.api.post(`${V3}/rooms/${left}/leave`);
    for (const room of rooms) await bob.api.post(`${V3}/join/${room}`);
    await alice.api.put(`${V3}/profile/${alice.userId}/displayname`, { displayname: 'Alice' });
    await alice.api.put(`${V3}/profile/${alice.userId}/avatar_url`, { avatar_url: 'mxc://test.example/a' });
    const shown = { membership: 'join', displayname: 'Alice', avatar_url: 'mxc://test.example/a' };
    for (const room of rooms) {
      await eventually(async () => (await member(room, alice, bob))['avatar_url'] !== undefined);
      expect(await member(room, alice, bob)).toMatchObject(shown);
    }
    expect(await member(left, alice, alice)).toMatchObject({ membership: 'leave' });
    expect(await member(await createRoom(alice), alice, alice)).toMatchObject(shown);
  });

  it('leave their rooms when their account is closed', async () => {
    const room = await createRoom(bob);
    await alice.api.post(`${V3}/join/${room}`);
    const auth = { type: 'm.login.password', user: alice.userId, password: alice.password };
    expect((await alice.api.post(`${V3}/account/deactivate`, { auth })).status).toBe(200);
    await eventually(async () => (await member(room, alice, bob))['membership'] === 'leave');
    expect((await member(room, alice, bob))['membership']).toBe('leave');
  });

  it('get their settings with a first sync and their changes with the next', async () => {
    const room = await createRoom(alice);
    const first = (await sync(alice)).body;
    expect(first.account_data.events.map(({ type }) => type)).toContain('m.push_rules');
    await alice.api.put(`${V3}/user/${alice.userId}/account_data/org.example.a`, { a: 1 });
    await alice.api.put(`${V3}/user/${alice.userId}/rooms/${room}/tags/u.work`, { order: 1 });
    await alice.api.put(`${V3}/pushrules/global/content/tea`, { pattern: 'tea', actions: ['notify'] });
    const next = (await sync(alice, first.next_batch)).body;
    expect(next.account_data.events).toEqual([
      { type: 'org.example.a', content: { a: 1 } },
      {
        type: 'm.push_rules',
        content: { global: expect.objectContaining({ content: [expect.objectContaining({ rule_id: 'tea' })] }) },
      },
    ]);
    expect(next.rooms.join[room]!.account_data.events).toEqual([
      { type: 'm.tag', content: { tags: { 'u.work': { order: 1 } } } },
    ]);
    const quiet = (await sync(alice, next.next_batch)).body;
    expect(quiet.account_data?.events ?? []).toEqual([]);
  });

  it('get messages for their device once, again only when the answer was lost', async () => {
    const first = (await sync(bob)).body;
    for (const n of [1, 2]) {
      const messages = { [bob.userId]: { [bob.deviceId]: { n } } };
      await alice.api.put(`${V3}/sendToDevice/m.dummy/${n}`, { messages });
    }
    const events = [1, 2].map((n) => ({ sender: alice.userId, type: 'm.dummy', content: { n } }));
    const next = (await sync(bob, first.next_batch)).body;
    expect(next.to_device.events).toEqual(events);
    expect((await sync(bob, first.next_batch)).body.to_device.events).toEqual(events);
    expect((await sync(bob, next.next_batch)).body.to_device?.events ?? []).toEqual([]);
  });

  it('hear of new devices of those they share a room with', async () => {
    const room = await createRoom(alice);
    await bob.api.post(`${V3}/join/${room}`);
    const since = (await sync(bob)).body.next_batch;
    const body = { type: 'm.login.password', user: alice.userId, password: alice.password };
    await server.api().post(`${V3}/login`, body);
    expect((await sync(bob, since, 1_000)).body.device_lists.changed).toEqual([alice.userId]);
  });

  it('have their long poll ended at once by a logout elsewhere', async () => {
    const body = { type: 'm.login.password', user: alice.userId, password: alice.password };
    const other = await server.api().post<{ access_token: string }>(`${V3}/login`, body);
    const since = (await sync(alice)).body.next_batch;
    const waiting = sync(alice, since, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.api(other.body.access_token).post(`${V3}/logout/all`);
    const reply = await waiting;
    expect([reply.status, reply.body.errcode]).toEqual([401, 'M_UNKNOWN_TOKEN']);
  });
});
