import type { JsonObject } from '#kernel/json';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';

const V3 = '/_matrix/client/v3';

describe('devices and the account', () => {
  let server: TestServer;
  let alice: TestUser;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(async () => {
    alice = await server.registerUser(`alice${(count += 1)}`);
  });
  afterAll(() => server.stop());

  const signIn = async (extra: object = {}) => {
    const body = { type: 'm.login.password', user: alice.userId, password: alice.password, ...extra };
    const reply = await server.api().post<{ access_token: string; device_id: string }>(`${V3}/login`, body);
    return { api: server.api(reply.body.access_token), deviceId: reply.body.device_id };
  };
  const devices = async () => (await alice.api.get<{ devices: JsonObject[] }>(`${V3}/devices`)).body.devices;
  const proof = (session?: unknown) => ({
    auth: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: alice.userId },
      password: alice.password,
      session,
    },
  });

  it('are listed with name and last use, and renamed', async () => {
    await signIn({ device_id: 'TABLET', initial_device_display_name: 'Tablet' });
    expect(await devices()).toContainEqual({ device_id: 'TABLET', display_name: 'Tablet' });
    const own = (await devices()).find((device) => device['device_id'] === alice.deviceId);
    expect(own).toMatchObject({ last_seen_ip: expect.any(String), last_seen_ts: expect.any(Number) });
    expect((await alice.api.put(`${V3}/devices/TABLET`, { display_name: 'Slate' })).body).toEqual({});
    expect((await alice.api.get(`${V3}/devices/TABLET`)).body).toMatchObject({ display_name: 'Slate' });
    expect((await alice.api.put(`${V3}/devices/TABLET`, {})).status).toBe(200);
    expect((await alice.api.get(`${V3}/devices/NOPE`)).status).toBe(404);
    expect((await alice.api.put(`${V3}/devices/NOPE`, { display_name: 'x' })).body['errcode']).toBe('M_NOT_FOUND');
    const long = await alice.api.put(`${V3}/devices/TABLET`, { display_name: 'x'.repeat(257) });
    expect(long.body).toMatchObject({ errcode: 'M_INVALID_PARAM', error: expect.stringContaining('display_name') });
  });

  it('are removed one at a time with the password, and their tokens end', async () => {
    const other = await signIn();
    const challenge = await alice.api.delete(`${V3}/devices/${other.deviceId}`, {});
    expect([challenge.status, challenge.body['flows']]).toEqual([401, [{ stages: ['m.login.password'] }]]);
    const { session } = challenge.body;
    const swapped = await alice.api.delete(`${V3}/devices/${alice.deviceId}`, proof(session));
    expect([swapped.status, swapped.body['errcode']]).toEqual([403, 'M_FORBIDDEN']);
    const wrong = { auth: { ...proof(session).auth, password: 'wrong' } };
    const refused = await alice.api.delete(`${V3}/devices/${other.deviceId}`, wrong);
    expect([refused.status, refused.body['errcode'], refused.body['session']]).toEqual([401, 'M_FORBIDDEN', session]);
    expect((await alice.api.delete(`${V3}/devices/${other.deviceId}`, proof(session))).status).toBe(200);
    expect((await other.api.get(`${V3}/account/whoami`)).body['errcode']).toBe('M_UNKNOWN_TOKEN');
    expect(await devices()).toHaveLength(1);
  });

  it('are removed many at a time', async () => {
    const others = [await signIn(), await signIn()];
    const body = { devices: others.map(({ deviceId }) => deviceId) };
    const { session } = (await alice.api.post(`${V3}/delete_devices`, body)).body;
    expect((await alice.api.post(`${V3}/delete_devices`, { ...body, ...proof(session) })).status).toBe(200);
    for (const { api } of others) expect((await api.get(`${V3}/account/whoami`)).status).toBe(401);
    expect(await devices()).toHaveLength(1);
  });

  it('go with logout, and all of them with logout/all', async () => {
    const [first, second] = [await signIn(), await signIn()];
    expect((await first.api.post(`${V3}/logout`)).body).toEqual({});
    expect((await first.api.get(`${V3}/account/whoami`)).status).toBe(401);
    expect(await devices()).toHaveLength(2);
    expect((await second.api.request('POST', `${V3}/logout/all`)).status).toBe(200);
    for (const api of [second.api, alice.api]) expect((await api.get(`${V3}/account/whoami`)).status).toBe(401);
  });

  it('are signed out by a new password, except the one that set it', async () => {
    const other = await signIn();
    const change = (extra: object) => alice.api.post(`${V3}/account/password`, { new_password: 'new one', ...extra });
    expect((await change({})).status).toBe(401);
    expect((await change({ logout_devices: false, ...proof() })).status).toBe(200);
    expect((await other.api.get(`${V3}/account/whoami`)).status).toBe(200);
    expect((await change(proof())).body['errcode']).toBe('M_FORBIDDEN');
    const auth = { ...proof().auth, password: 'new one' };
    expect((await change({ auth })).status).toBe(200);
    expect((await other.api.get(`${V3}/account/whoami`)).status).toBe(401);
    expect((await alice.api.get(`${V3}/account/whoami`)).status).toBe(200);
    expect((await server.api().post(`${V3}/account/password`, { new_password: 'x' })).body['errcode']).toBe(
      'M_MISSING_TOKEN',
    );
  });

  it('go with the account, whose name stays taken', async () => {
    expect((await alice.api.post(`${V3}/account/deactivate`)).status).toBe(401);
    const reply = await alice.api.post(`${V3}/account/deactivate`, { ...proof(), erase: true });
    expect([reply.status, reply.body]).toEqual([200, { id_server_unbind_result: 'success' }]);
    expect((await alice.api.get(`${V3}/account/whoami`)).body['errcode']).toBe('M_UNKNOWN_TOKEN');
    const body = { type: 'm.login.password', user: alice.userId, password: alice.password };
    expect((await server.api().post(`${V3}/login`, body)).body['errcode']).toBe('M_USER_DEACTIVATED');
    const username = alice.userId.slice(1, alice.userId.indexOf(':'));
    const again = await server
      .api()
      .post(`${V3}/register`, { username, password: 'x', auth: { type: 'm.login.dummy' } });
    expect(again.body['errcode']).toBe('M_USER_IN_USE');
    expect((await server.api().get(`${V3}/profile/${alice.userId}`)).status).toBe(404);
  });

  it('survive a restart of the server', async () => {
    await server.restart();
    const reply = await server.api(alice.token).get(`${V3}/account/whoami`);
    expect(reply.body).toMatchObject({ device_id: alice.deviceId });
    alice = { ...alice, api: server.api(alice.token) };
    expect(await devices()).toMatchObject([{ device_id: alice.deviceId }]);
  });
});

describe('what a client asks first', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ public_base_url: 'https://matrix.example/' });
  });
  afterAll(() => server.stop());

  it('is answered: versions, well-known, capabilities, third-party ids', async () => {
    const { body } = await server.api().get<{ versions: string[] }>('/_matrix/client/versions');
    expect(body.versions).toEqual(expect.arrayContaining(['r0.0.1', 'r0.6.1', 'v1.1', 'v1.19']));
    const known = await server.api().get('/.well-known/matrix/client');
    expect(known.body).toEqual({ 'm.homeserver': { base_url: 'https://matrix.example' } });
    expect(known.headers.get('access-control-allow-origin')).toBe('*');
    const { api } = await server.registerUser('alice');
    const { capabilities } = (await api.get<{ capabilities: JsonObject }>(`${V3}/capabilities`)).body;
    expect(capabilities['m.room_versions']).toMatchObject({
      default: '12',
      available: { '1': 'stable', '12': 'stable' },
    });
    expect(capabilities).toMatchObject({
      'm.change_password': { enabled: true },
      'm.3pid_changes': { enabled: false },
    });
    expect((await api.get(`${V3}/account/3pid`)).body).toEqual({ threepids: [] });
  });
});
