import { createHmac } from 'node:crypto';
import type { JsonObject } from '#kernel/json';
import { type Api } from '../support/api';
import { SHARED_SECRET, startTestServer, type TestServer, type TestUser } from '../support/server';
import { CLIENT_PATH, graphql } from '../graphql/client';
import { act, createRoom, join, redact, refusal, roomPath, say } from './rooms-rig';

const CLIENT = '/_matrix/client/v3';
const passwordOf = (user: TestUser, session?: unknown): JsonObject => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user: user.userId },
  password: user.password,
  ...(typeof session === 'string' && { session }),
});

describe('accounts against those who are not their owners', () => {
  let server: TestServer;
  let anybody: Api;

  beforeAll(async () => {
    server = await startTestServer();
    anybody = server.api();
  });
  afterAll(() => server.stop());

  const login = (body: JsonObject) => anybody.post(`${CLIENT}/login`, { type: 'm.login.password', ...body });

  it.each([
    ['an empty password', ''],
    ['no password', undefined],
    ['a password that is null', null],
    ['a password that is a list', ['password of row2']],
    ['a password that is an object', { $ne: '' }],
    ['a password that is true', true],
    ['a password with a NUL behind it', 'password of row2\0'],
    ['a password with a blank behind it', 'password of row2 '],
  ])('row 2: nobody signs in with %s', async (_what, password) => {
    await server.registerUser('row2').catch(() => undefined);
    const reply = await login({ identifier: { type: 'm.id.user', user: 'row2' }, password: password as string });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect(reply.body).not.toHaveProperty('access_token');
  });

  it('row 2: accounts without a password, as guests and closed ones have none, take none', async () => {
    const guest = (await anybody.request('POST', `${CLIENT}/register`, { query: { kind: 'guest' }, body: {} })).body;
    for (const password of ['', 'null', 'undefined', '*', '!']) {
      const user = guest['user_id'] as string;
      const reply = await login({ identifier: { type: 'm.id.user', user }, password });
      expect(refusal(reply)).toEqual([403, 'M_FORBIDDEN']);
    }
  });

  it.each(['row48', 'ROW48', '@row48:test.example'])(
    'row 48: a registration never signs in to an account that is there: %s',
    async (username) => {
      await server.registerUser('row48', 'the right one').catch(() => undefined);
      const auth = { type: 'm.login.dummy' };
      const reply = await anybody.post(`${CLIENT}/register`, { username, password: 'another', auth });
      expect(reply.status).toBe(400);
      expect(reply.body).not.toHaveProperty('access_token');
      const who = { identifier: { type: 'm.id.user', user: 'row48' } };
      expect((await login({ ...who, password: 'another' })).status).toBe(403);
      expect((await login({ ...who, password: 'the right one' })).status).toBe(200);
    },
  );

  it('row 48: of many registrations of one name at the same time one gets the account', async () => {
    const body = { username: 'raced', password: 'x1', auth: { type: 'm.login.dummy' } };
    const replies = await Promise.all(Array.from({ length: 8 }, () => anybody.post(`${CLIENT}/register`, body)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const reply of replies.filter(({ status }) => status !== 200)) {
      expect(refusal(reply)).toEqual([400, 'M_USER_IN_USE']);
    }
  });

  it.each([
    'colli',
    'Colli',
    'colli ',
    ' colli',
    'colli\t',
    'colli\0',
    'ｃolli',
    'colli\u200b',
    'ćolli',
    'colli\u0301',
  ])('an account is not taken for another whose name looks or sorts like it: %j', async (username) => {
    await server.registerUser('colli').catch(() => undefined);
    const auth = { type: 'm.login.dummy' };
    const reply = await anybody.post(`${CLIENT}/register`, { username, password: 'x1', auth });
    expect([reply.status, reply.body['access_token']]).toEqual([400, undefined]);
    const reply2 = await login({ identifier: { type: 'm.id.user', user: username }, password: 'x1' });
    expect(reply2.body).not.toHaveProperty('access_token');
  });

  it('a device id that differs in case or in a trailing space is another device', async () => {
    const user = await server.registerUser('cases');
    const who = { identifier: { type: 'm.id.user', user: 'cases' }, password: user.password };
    const ids = ['DEV', 'dev', 'DEV ', 'DÈV', 'DE\u0300V'];
    const tokens: string[] = [];
    for (const device_id of ids) tokens.push((await login({ ...who, device_id })).body['access_token'] as string);
    const devices = (await user.api.get<{ devices: { device_id: string }[] }>(`${CLIENT}/devices`)).body.devices;
    expect(devices.map(({ device_id }) => device_id)).toEqual(expect.arrayContaining(ids));
    for (const token of tokens) expect((await server.api(token).get(`${CLIENT}/account/whoami`)).status).toBe(200);
  });

  it('row 52: an UIA session is good for one user, one operation and one body, and one use', async () => {
    const [alice, mallory] = [await server.registerUser('uia1'), await server.registerUser('uia2')];
    const other = (await login({ identifier: { type: 'm.id.user', user: 'uia1' }, password: alice.password })).body;
    const device = other['device_id'] as string;
    const begin = async (user: TestUser, path: string, method = 'POST') =>
      (await user.api.request(method, path, { body: {} })).body['session'];
    const close = `${CLIENT}/account/deactivate`;
    // Another user's session, and another user's password in one's own.
    const ofMallory = await begin(mallory, close);
    expect((await alice.api.post(close, { auth: passwordOf(alice, ofMallory) })).status).toBe(403);
    expect((await alice.api.post(close, { auth: passwordOf(mallory, await begin(alice, close)) })).status).toBe(401);
    // The session of a registration, which nobody owned, and of another endpoint, or another device.
    const registering = (await anybody.post(`${CLIENT}/register`, {})).body['session'];
    expect((await alice.api.post(close, { auth: passwordOf(alice, registering) })).status).toBe(403);
    const deviceSession = await begin(alice, `${CLIENT}/devices/${device}`, 'DELETE');
    const wrong = await alice.api.delete(`${CLIENT}/devices/${alice.deviceId}`, {
      auth: passwordOf(alice, deviceSession),
    });
    expect(wrong.status).toBe(403);
    const changed = await alice.api.post(`${CLIENT}/account/password`, {
      new_password: 'x',
      auth: passwordOf(alice, deviceSession),
    });
    expect(changed.status).toBe(403);
    // A dummy stage where a password is due; no stage; a made-up flow.
    for (const type of ['m.login.dummy', 'm.login.terms', 'm.login.registration_token', '', '__proto__']) {
      const auth = { type, session: deviceSession as string };
      expect((await alice.api.delete(`${CLIENT}/devices/${device}`, { auth })).status).toBe(401);
    }
    const right = { auth: passwordOf(alice, deviceSession) };
    expect((await alice.api.delete(`${CLIENT}/devices/${device}`, right)).status).toBe(200);
    const again = await alice.api.delete(`${CLIENT}/devices/${device}`, { auth: { session: deviceSession as string } });
    expect(again.status).toBe(401);
    for (const user of [alice, mallory]) expect((await user.api.get(`${CLIENT}/account/whoami`)).status).toBe(200);
  });

  it.each<[string, JsonObject]>([
    ['somebody else’s device', {}],
    ['many devices of somebody else', { many: true }],
  ])('row 1: nobody removes %s', async (_what, { many }) => {
    const [alice, mallory] = [
      await server.registerUser(`dev-a-${many === true}`),
      await server.registerUser(`dev-m-${many === true}`),
    ];
    const auth = passwordOf(mallory);
    await (many === true
      ? mallory.api.post(`${CLIENT}/delete_devices`, { devices: [alice.deviceId], auth })
      : mallory.api.delete(`${CLIENT}/devices/${alice.deviceId}`, { auth }));
    expect((await alice.api.get(`${CLIENT}/account/whoami`)).status).toBe(200);
  });

  it('row 1: what is under somebody else’s user id is closed', async () => {
    const [alice, mallory] = [await server.registerUser('own-a'), await server.registerUser('own-m')];
    const user = `${CLIENT}/user/${encodeURIComponent(alice.userId)}`;
    const roomId = await createRoom(alice);
    const room = encodeURIComponent(roomId);
    const filter = (await alice.api.post(`${user}/filter`, {})).body['filter_id'] as string;
    const calls: [string, string, JsonObject?][] = [
      ['GET', `${user}/account_data/org.example`],
      ['PUT', `${user}/account_data/org.example`, { a: 1 }],
      ['GET', `${user}/rooms/${room}/account_data/org.example`],
      ['PUT', `${user}/rooms/${room}/account_data/org.example`, { a: 1 }],
      ['GET', `${user}/rooms/${room}/tags`],
      ['PUT', `${user}/rooms/${room}/tags/u.x`, {}],
      ['DELETE', `${user}/rooms/${room}/tags/u.x`],
      ['POST', `${user}/filter`, {}],
      ['GET', `${user}/filter/${filter}`],
      ['PUT', `${CLIENT}/profile/${encodeURIComponent(alice.userId)}/displayname`, { displayname: 'x' }],
      ['PUT', `${CLIENT}/presence/${encodeURIComponent(alice.userId)}/status`, { presence: 'online' }],
      ['GET', `${CLIENT}/presence/${encodeURIComponent(alice.userId)}/status`],
      ['PUT', roomPath(roomId, `/typing/${encodeURIComponent(alice.userId)}`), { typing: true, timeout: 1000 }],
    ];
    for (const [method, path, body] of calls) {
      const reply = await mallory.api.request(method, path, body === undefined ? {} : { body });
      expect([method, path, reply.status]).toEqual([method, path, 403]);
    }
  });

  it('row 12, row 30: a closed account is out of everything, and no way leads back in', async () => {
    const gone = await server.registerUser('gone');
    const friend = await server.registerUser('friend');
    const roomId = await createRoom(friend, { preset: 'public_chat' });
    await join(gone, roomId);
    const invited = await createRoom(friend, { invite: [gone.userId] });
    const more = await login({
      identifier: { type: 'm.id.user', user: 'gone' },
      password: gone.password,
      ...{ refresh_token: true },
    });
    await gone.api.put(`${CLIENT}/profile/${encodeURIComponent(gone.userId)}/displayname`, { displayname: 'Gone' });
    await gone.api.put(`${CLIENT}/user/${encodeURIComponent(gone.userId)}/account_data/org.example`, {
      kept: 'SECRET',
    });
    const since = (await gone.api.get(`${CLIENT}/sync`)).body['next_batch'] as string;
    // Lets no news through, so that nothing but the end of the session ends the wait with an error.
    const filter = JSON.stringify({ room: { rooms: [] }, presence: { types: [] }, account_data: { types: [] } });
    const poll = gone.api.get(`${CLIENT}/sync`, { timeout: 60_000, since, filter });
    expect((await gone.api.post(`${CLIENT}/account/deactivate`, { auth: passwordOf(gone) })).status).toBe(200);
    expect((await poll).status).toBe(401);
    const tokens = [gone.token, more.body['access_token'] as string];
    for (const token of tokens) {
      expect(refusal(await server.api(token).get(`${CLIENT}/account/whoami`))).toEqual([401, 'M_UNKNOWN_TOKEN']);
      const graph = await graphql(server.url + CLIENT_PATH, token, '{ viewer { isAdmin } }');
      expect(graph.errors![0]!.extensions).toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
    }
    expect(
      (await anybody.post(`${CLIENT}/refresh`, { refresh_token: more.body['refresh_token'] as string })).status,
    ).toBe(401);
    for (const user of ['gone', 'GONE', gone.userId]) {
      const reply = await login({ identifier: { type: 'm.id.user', user }, password: gone.password });
      expect(refusal(reply)).toEqual([403, 'M_USER_DEACTIVATED']);
    }
    const again = { username: 'gone', password: 'x1', auth: { type: 'm.login.dummy' } };
    expect(refusal(await anybody.post(`${CLIENT}/register`, again))).toEqual([400, 'M_USER_IN_USE']);
    const { nonce } = (await anybody.get<{ nonce: string }>('/_synapse/admin/v1/register')).body;
    const mac = createHmac('sha1', SHARED_SECRET).update(`${nonce}\0gone\0x1\0notadmin`).digest('hex');
    const shared = { nonce, username: 'gone', password: 'x1', admin: false, mac };
    expect((await anybody.post('/_synapse/admin/v1/register', shared)).status).toBe(400);
    const sweep = async () => (await friend.api.get(roomPath(roomId, '/joined_members'))).body;
    for (let tries = 0; tries < 100 && JSON.stringify(await sweep()).includes(gone.userId); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(JSON.stringify(await sweep())).not.toContain(gone.userId);
    const stillInvited = await friend.api.get(roomPath(invited, '/members'), { membership: 'invite' });
    expect(stillInvited.body['chunk']).toEqual([]);
  });

  it('soft-logout: an expired token is refused everywhere but where a new one is got', async () => {
    const short = await startTestServer({ sessions: { refreshable_token_seconds: 1 } });
    try {
      const body = { username: 'soft', password: 'x1', refresh_token: true, auth: { type: 'm.login.dummy' } };
      const made = (await short.api().post(`${CLIENT}/register`, body)).body;
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const old = short.api(made['access_token'] as string);
      for (const path of ['/account/whoami', '/sync', '/joined_rooms', '/devices', '/capabilities']) {
        const reply = await old.get(CLIENT + path);
        expect([path, ...refusal(reply), reply.body['soft_logout']]).toEqual([path, 401, 'M_UNKNOWN_TOKEN', true]);
      }
      const graph = await graphql(short.url + CLIENT_PATH, made['access_token'] as string, '{ viewer { isAdmin } }');
      expect(graph.errors![0]!.extensions).toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
      const fresh = await old.post(`${CLIENT}/refresh`, { refresh_token: made['refresh_token'] as string });
      expect(fresh.status).toBe(200);
    } finally {
      await short.stop();
    }
  });

  it('a refresh token is no access token, and the other way round', async () => {
    const body = { username: 'swap', password: 'x1', refresh_token: true, auth: { type: 'm.login.dummy' } };
    const made = (await anybody.post(`${CLIENT}/register`, body)).body;
    const wrong = server.api(made['refresh_token'] as string);
    expect((await wrong.get(`${CLIENT}/account/whoami`)).status).toBe(401);
    expect((await anybody.post(`${CLIENT}/refresh`, { refresh_token: made['access_token'] as string })).status).toBe(
      401,
    );
  });

  it('suspended accounts read, leave and redact their own, and do nothing that others see', async () => {
    const [user, friend] = [await server.registerUser('suspended'), await server.registerUser('friendly')];
    const roomId = await createRoom(friend, { preset: 'public_chat' });
    const other = await createRoom(friend, { preset: 'public_chat' });
    await join(user, roomId);
    const own = await say(user, roomId, 'mine');
    await server.domain.accounts.setFlags(user.userId, { suspended: true });
    const room = roomPath(roomId);
    const me = encodeURIComponent(user.userId);
    const refused: [string, string, JsonObject][] = [
      ['PUT', `${room}/send/m.room.message/1`, { msgtype: 'm.text', body: 'x' }],
      ['PUT', `${room}/state/m.room.topic/`, { topic: 'x' }],
      ['PUT', `${room}/state/m.room.member/${me}`, { membership: 'join', displayname: 'x' }],
      ['POST', `${CLIENT}/createRoom`, {}],
      ['POST', `${CLIENT}/join/${encodeURIComponent(other)}`, {}],
      ['POST', roomPath(other, '/join'), {}],
      ['POST', `${CLIENT}/knock/${encodeURIComponent(other)}`, {}],
      ['POST', `${room}/invite`, { user_id: '@x:test.example' }],
      ['PUT', `${CLIENT}/profile/${me}/displayname`, { displayname: 'x' }],
    ];
    for (const [method, path, body] of refused) {
      const reply = await user.api.request(method, path, { body });
      expect([path, ...refusal(reply)]).toEqual([path, 403, 'M_USER_SUSPENDED']);
    }
    const send = `mutation { messageSend(input: { roomId: ${JSON.stringify(roomId)}, content: { msgtype: "m.text", body: "x" } }) { eventId errors { code } } }`;
    const sent = await graphql<{ messageSend: object }>(server.url + CLIENT_PATH, user.token, send);
    expect(sent.data!.messageSend).toEqual({ eventId: null, errors: [{ code: 'M_USER_SUSPENDED' }] });
    const made = await graphql<{ roomCreate: object }>(
      server.url + CLIENT_PATH,
      user.token,
      'mutation { roomCreate(input: {}) { room { roomId } errors { code } } }',
    );
    expect(made.data!.roomCreate).toEqual({ room: null, errors: [{ code: 'M_USER_SUSPENDED' }] });
    await redact(user, roomId, own);
    expect((await user.api.get(`${room}/messages?dir=b`)).status).toBe(200);
    await act(user, roomId, 'leave');
  });

  it('a locked account is shut out through both doors', async () => {
    const user = await server.registerUser('locked');
    await user.api.get(`${CLIENT}/account/whoami`);
    await server.domain.accounts.setFlags(user.userId, { locked: true });
    const reply = await user.api.get(`${CLIENT}/account/whoami`);
    expect([...refusal(reply), reply.body['soft_logout']]).toEqual([401, 'M_USER_LOCKED', true]);
    const graph = await graphql(server.url + CLIENT_PATH, user.token, '{ viewer { isAdmin } }');
    expect(graph.errors![0]!.extensions).toMatchObject({ errcode: 'M_USER_LOCKED' });
    const again = await login({ identifier: { type: 'm.id.user', user: 'locked' }, password: user.password });
    expect([again.status, again.body['access_token']]).toEqual([401, undefined]);
  });

  it('row 7: the shared secret is not guessed: wrong MACs, used nonces and none at all are refused', async () => {
    const nonceOf = async () => (await anybody.get<{ nonce: string }>('/_synapse/admin/v1/register')).body.nonce;
    const mac = (nonce: string, secret: string, admin: string) =>
      createHmac('sha1', secret).update(`${nonce}\0row7\0x1\0${admin}`).digest('hex');
    const body = { username: 'row7', password: 'x1', admin: true };
    const attempts = [
      async () => ({ ...body, nonce: await nonceOf(), mac: '' }),
      async () => ({ ...body, nonce: await nonceOf(), mac: '0'.repeat(40) }),
      async () => {
        const nonce = await nonceOf();
        return { ...body, nonce, mac: mac(nonce, '', 'admin') };
      },
      async () => {
        const nonce = await nonceOf();
        return { ...body, nonce, mac: mac(nonce, SHARED_SECRET, 'notadmin') };
      },
      async () => ({ ...body, nonce: 'made up', mac: mac('made up', SHARED_SECRET, 'admin') }),
    ];
    for (const attempt of attempts) {
      const reply = await anybody.post('/_synapse/admin/v1/register', await attempt());
      expect([400, 403]).toContain(reply.status);
    }
    expect(await server.domain.accounts.get('@row7:test.example')).toBeUndefined();
  });
});
