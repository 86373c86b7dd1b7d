import type { Client } from 'graphql-ws';
import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { CLIENT_PATH, socketClient } from '../graphql/client';
import { act, createRoom, join, say } from './rooms-rig';

const CLIENT = '/_matrix/client/v3';
const SUBSCRIPTION =
  'subscription ($roomId: RoomId!) { timeline(roomId: $roomId) { event { ... on MessageEvent { body } } } }';

describe('what is open when rights end', () => {
  let server: TestServer;
  let owner: TestUser;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer();
    owner = await server.registerUser('owner');
  });
  afterAll(() => server.stop());

  const passwordOf = (user: TestUser) => ({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: user.userId },
    password: user.password,
  });

  const waysToLoseASession: [string, (user: TestUser) => Promise<unknown>][] = [
    ['a logout', (user) => user.api.post(`${CLIENT}/logout`)],
    ['a logout everywhere', (user) => user.api.post(`${CLIENT}/logout/all`)],
    [
      'the removal of the device',
      (user) => user.api.delete(`${CLIENT}/devices/${user.deviceId}`, { auth: passwordOf(user) }),
    ],
    [
      'a sign-in of the same device',
      (user) => user.api.post(`${CLIENT}/login`, { ...passwordOf(user), device_id: user.deviceId }),
    ],
    ['the closing of the account', (user) => user.api.post(`${CLIENT}/account/deactivate`, { auth: passwordOf(user) })],
    ['a lock', (user) => server.domain.accounts.setFlags(user.userId, { locked: true })],
  ];

  it.each(waysToLoseASession)('row 54, row 40: long polls, streams and sockets end with %s', async (_what, end) => {
    const user = await server.registerUser(`streamer${++count}`);
    const roomId = await createRoom(owner, { preset: 'public_chat' });
    await join(user, roomId);
    const { answers } = await startPolls(user);
    const follower = new Follower(server.url + CLIENT_PATH, user.token, roomId);
    await follower.hears(() => say(owner, roomId, 'before'));
    await end(user);
    await follower.ended;
    expect(follower.closeCode).toBe(4403);
    for (const { status, body } of await answers) {
      // A lock is told by the next answer: clients must not take it for the end of their session.
      if (status === 200) expect(Object.keys(body)).not.toEqual(expect.arrayContaining(['rooms']));
      else expect([status, body['errcode']]).toEqual([401, 'M_UNKNOWN_TOKEN']);
    }
    expect((await user.api.get(`${CLIENT}/sync`)).status).toBe(401);
    await say(owner, roomId, 'SECRET-after');
    expect(follower.heard).not.toContain('SECRET-after');
    // Nothing opens again with what it was opened with.
    const again = new Follower(server.url + CLIENT_PATH, user.token, roomId);
    await again.ended;
    expect(again.closeCode).toBe(4403);
  });

  it.each<[string, (user: TestUser, roomId: string) => Promise<unknown>]>([
    ['leave', (user, roomId) => act(user, roomId, 'leave')],
    ['are kicked', (user, roomId) => act(owner, roomId, 'kick', { user_id: user.userId })],
    ['are banned', (user, roomId) => act(owner, roomId, 'ban', { user_id: user.userId })],
  ])('row 40: those who %s hear nothing more, in sync or by a stream', async (_what, part) => {
    const user = await server.registerUser(`parting${++count}`);
    const roomId = await createRoom(owner, { preset: 'public_chat' });
    await join(user, roomId);
    const since = (await user.api.get(`${CLIENT}/sync`)).body['next_batch'] as string;
    const follower = new Follower(server.url + CLIENT_PATH, user.token, roomId);
    await follower.hears(() => say(owner, roomId, 'before'));
    await part(user, roomId);
    await say(owner, roomId, 'SECRET-after');
    await follower.ended;
    expect(follower.heard).not.toContain('SECRET-after');
    const filter = JSON.stringify({ room: { include_leave: true, timeline: { limit: 50 } } });
    const first = await user.api.get(`${CLIENT}/sync`, { since, filter });
    const next = await user.api.get(`${CLIENT}/sync`, { since: first.body['next_batch'] as string, filter });
    const whole = await user.api.get(`${CLIENT}/sync`, { full_state: true, filter });
    for (const { body } of [first, next, whole]) expect(JSON.stringify(body)).not.toContain('SECRET-after');
    expect(JSON.stringify(first.body)).toContain('before');
  });

  it('row 40: ephemeral news of a room end with membership: typing and receipts', async () => {
    const user = await server.registerUser('ephemeral');
    const roomId = await createRoom(owner, { preset: 'public_chat' });
    await join(user, roomId);
    const since = (await user.api.get(`${CLIENT}/sync`)).body['next_batch'] as string;
    await act(user, roomId, 'leave');
    const event = await say(owner, roomId, 'later');
    const room = `${CLIENT}/rooms/${encodeURIComponent(roomId)}`;
    await owner.api.put(`${room}/typing/${encodeURIComponent(owner.userId)}`, { typing: true, timeout: 30_000 });
    await owner.api.post(`${room}/receipt/m.read/${encodeURIComponent(event)}`);
    const filter = JSON.stringify({ room: { include_leave: true } });
    const text = JSON.stringify((await user.api.get(`${CLIENT}/sync`, { since, filter })).body);
    expect(text).not.toMatch(/m\.typing|m\.receipt/);
    const typing = await user.api.put(`${room}/typing/${encodeURIComponent(user.userId)}`, { typing: true });
    const receipt = await user.api.post(`${room}/receipt/m.read/${encodeURIComponent(event)}`);
    expect([typing.status, receipt.status]).toEqual([403, 403]);
  });

  it('row 32: nobody types, reads or is present for others, nor in rooms they are not in', async () => {
    const mallory = await server.registerUser('mallory');
    const roomId = await createRoom(owner, { preset: 'private_chat' });
    const event = await say(owner, roomId, 'x');
    const room = `${CLIENT}/rooms/${encodeURIComponent(roomId)}`;
    const tries: [string, string, object][] = [
      ['PUT', `${room}/typing/${encodeURIComponent(owner.userId)}`, { typing: true, timeout: 30_000 }],
      ['PUT', `${room}/typing/${encodeURIComponent(mallory.userId)}`, { typing: true, timeout: 30_000 }],
      ['POST', `${room}/receipt/m.read/${encodeURIComponent(event)}`, {}],
      ['POST', `${room}/read_markers`, { 'm.fully_read': event, 'm.read': event }],
      ['PUT', `${CLIENT}/presence/${encodeURIComponent(owner.userId)}/status`, { presence: 'offline' }],
    ];
    for (const [method, path, body] of tries) {
      const { status } = await mallory.api.request(method, path, { body });
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
    const text = JSON.stringify((await owner.api.get(`${CLIENT}/sync`)).body);
    expect(text).not.toContain(mallory.userId);
  });

  /** A long poll on today's path and on the old one; `answers` comes when both have ended. */
  async function startPolls(user: TestUser) {
    const since = (await user.api.get(`${CLIENT}/sync`)).body['next_batch'] as string;
    // Of this filter nothing is ever let through, so that only an end ends the wait.
    const nothing = { types: [] };
    const filter = JSON.stringify({
      room: { rooms: [] },
      presence: nothing,
      account_data: nothing,
    });
    const polls = [
      user.api.get(`${CLIENT}/sync`, { since, filter, timeout: 100_000 }),
      user.api.get('/_matrix/client/r0/sync', { since, filter, timeout: 100_000 }),
    ];
    return { answers: Promise.all(polls) };
  }
});

/** A socket with one timeline subscription. */
class Follower {
  readonly heard: string[] = [];
  readonly ended: Promise<void>;
  closeCode: number | undefined;
  private readonly client: Client;
  private wake: () => void = () => undefined;

  constructor(url: string, token: string, roomId: string) {
    let closed: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (closed = resolve));
    this.client = socketClient(url, token, (code) => {
      this.closeCode = code;
      closed();
    });
    this.ended = new Promise<void>((resolve) => {
      const end = () => void Promise.race([over, this.client.dispose()]).then(() => resolve());
      this.client.subscribe(
        { query: SUBSCRIPTION, variables: { roomId } },
        {
          next: (value) => {
            this.heard.push(JSON.stringify(value));
            this.wake();
          },
          error: () => void over.then(() => resolve()),
          complete: end,
        },
      );
    });
  }

  /** Says something again and again until it is heard: a subscription says nothing of when it begins. */
  async hears(speak: () => Promise<unknown>): Promise<void> {
    while (this.heard.length === 0) {
      const news = new Promise<void>((resolve) => (this.wake = resolve));
      await speak();
      await Promise.race([news, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  }
}
