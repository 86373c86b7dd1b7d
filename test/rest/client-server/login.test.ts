import { startTestServer, type TestServer, type TestUser } from '../../support/server';

const LOGIN = '/_matrix/client/v3/login';

describe('login', () => {
  let server: TestServer;
  let alice: TestUser;

  beforeAll(async () => {
    server = await startTestServer();
    alice = await server.registerUser('alice', 'correct horse');
  });
  afterAll(() => server.stop());

  const login = (body: object) =>
    server.api().post<Record<string, string>>(LOGIN, { type: 'm.login.password', password: 'correct horse', ...body });
  const whoami = (token: unknown) => server.api(String(token)).get('/_matrix/client/v3/account/whoami');

  it('offers the password flow', async () => {
    expect((await server.api().get(LOGIN)).body).toEqual({ flows: [{ type: 'm.login.password' }] });
  });

  it.each([
    ['a localpart', { identifier: { type: 'm.id.user', user: 'alice' } }],
    ['a full user id', { identifier: { type: 'm.id.user', user: '@alice:test.example' } }],
    ['capitals', { identifier: { type: 'm.id.user', user: 'Alice' } }],
    ['the old top-level member', { user: 'alice' }],
  ])('signs in with %s', async (_how, who) => {
    const { status, body } = await login(who);
    expect(status).toBe(200);
    expect(body).toMatchObject({ user_id: '@alice:test.example', home_server: 'test.example' });
    expect(body).not.toHaveProperty('refresh_token');
    expect((await whoami(body['access_token'])).body).toMatchObject({ device_id: body['device_id'], is_guest: false });
  });

  it.each([
    ['a wrong password', { user: 'alice', password: 'wrong' }],
    ['an empty password', { user: 'alice', password: '' }],
    ['an unknown user', { user: 'nobody' }],
    ["another server's user", { user: '@alice:elsewhere.example' }],
    ['a third-party identifier', { identifier: { type: 'm.id.thirdparty', medium: 'email', address: 'a@b.example' } }],
    ['a phone number', { identifier: { type: 'm.id.phone', country: 'GB', phone: '1' } }],
    ['old third-party members', { medium: 'email', address: 'a@b.example' }],
    ['a login token', { type: 'm.login.token', token: 'x' }],
  ])('refuses %s with 403 M_FORBIDDEN', async (_what, body) => {
    const reply = await login(body);
    expect([reply.status, reply.body['errcode']]).toEqual([403, 'M_FORBIDDEN']);
  });

  it.each([
    ['an unknown type', { type: 'm.login.magic', user: 'alice' }, 'M_UNKNOWN'],
    ['no user at all', {}, 'M_MISSING_PARAM'],
    ['no password', { user: 'alice', password: undefined }, 'M_MISSING_PARAM'],
    ['a device id with control characters', { user: 'alice', device_id: 'a\u0000b' }, 'M_INVALID_PARAM'],
    [
      'a device name that is too long',
      { user: 'alice', initial_device_display_name: 'x'.repeat(257) },
      'M_INVALID_PARAM',
    ],
  ])('answers 400 to %s', async (_what, body, errcode) => {
    const reply = await login(body);
    expect([reply.status, reply.body['errcode']]).toEqual([400, errcode]);
  });

  it('ends the old token when a device id signs in again, and keeps the device and its name', async () => {
    const first = await login({ user: 'alice', device_id: 'PHONE', initial_device_display_name: 'My phone' });
    const second = await login({ user: 'alice', device_id: 'PHONE', initial_device_display_name: 'Other' });
    expect((await whoami(first.body['access_token'])).body).toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
    const device = await server.api(second.body['access_token']).get('/_matrix/client/v3/devices/PHONE');
    expect(device.body).toMatchObject({ device_id: 'PHONE', display_name: 'My phone' });
  });

  it('takes tokens in the query as old clients send them, on the old path too', async () => {
    const reply = await server.api().get('/_matrix/client/r0/account/whoami', { access_token: alice.token });
    expect(reply.body).toMatchObject({ user_id: alice.userId });
  });

  it('tells missing from unknown tokens', async () => {
    const missing = await server.api().get('/_matrix/client/v3/account/whoami');
    expect([missing.status, missing.body['errcode']]).toEqual([401, 'M_MISSING_TOKEN']);
    const unknown = await whoami('trl_nonsense');
    expect([unknown.status, unknown.body]).toMatchObject([401, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: false }]);
  });

  it('keeps a locked account signed in but shut out, except for logging out', async () => {
    const bob = await server.registerUser('bob');
    await server.domain.accounts.setFlags(bob.userId, { locked: true });
    const reply = await whoami(bob.token);
    expect([reply.status, reply.body]).toMatchObject([401, { errcode: 'M_USER_LOCKED', soft_logout: true }]);
    expect((await login({ user: 'bob', password: bob.password })).body).toMatchObject({ errcode: 'M_USER_LOCKED' });
    await server.domain.accounts.setFlags(bob.userId, { locked: false });
    expect((await whoami(bob.token)).status).toBe(200);
    await server.domain.accounts.setFlags(bob.userId, { locked: true });
    expect((await bob.api.post('/_matrix/client/v3/logout')).status).toBe(200);
    expect((await whoami(bob.token)).body).toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
  });
});
