import { createHmac } from 'node:crypto';
import { SHARED_SECRET, startTestServer, type TestServer } from '../../support/server';

const REGISTER = '/_matrix/client/v3/register';
const DUMMY = { type: 'm.login.dummy' };

describe('registration', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const register = (body: object, query = '') => server.api().post<Record<string, string>>(REGISTER + query, body);

  it('challenges first and registers with the session of the challenge', async () => {
    const challenge = await register({ username: 'alice', password: 'secret' });
    expect(challenge.status).toBe(401);
    expect(challenge.body).toMatchObject({ flows: [{ stages: ['m.login.dummy'] }], params: {}, completed: [] });
    expect(challenge.body).not.toHaveProperty('errcode');
    const auth = { ...DUMMY, session: challenge.body['session'] };
    const reply = await register({ username: 'alice', password: 'secret', device_id: 'D', auth });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ user_id: '@alice:test.example', device_id: 'D', home_server: 'test.example' });
    const { body } = await server.api(reply.body['access_token']).get('/_matrix/client/v3/account/whoami');
    expect(body).toEqual({ user_id: '@alice:test.example', device_id: 'D', is_guest: false });
  });

  it('takes a session that was begun with an empty body, as clients do to learn the flows', async () => {
    const { body } = await register({});
    const auth = { ...DUMMY, session: body['session'] };
    expect((await register({ username: 'flows', password: 'secret', auth })).status).toBe(200);
  });

  it('answers in use, invalid and weak before any challenge', async () => {
    await server.registerUser('taken');
    const errcodes = await Promise.all(
      [
        { username: 'taken', password: 'secret' },
        { username: 'Taken', password: 'secret' },
        { username: 'not ok', password: 'secret' },
        { username: 'fine', password: '' },
        { username: 'fine', auth: DUMMY },
      ].map(async (body) => {
        const reply = await register(body);
        return [reply.status, reply.body['errcode']];
      }),
    );
    expect(errcodes).toEqual([
      [400, 'M_USER_IN_USE'],
      [400, 'M_USER_IN_USE'],
      [400, 'M_INVALID_USERNAME'],
      [400, 'M_WEAK_PASSWORD'],
      [400, 'M_MISSING_PARAM'],
    ]);
  });

  it('makes small letters of capitals', async () => {
    const { body } = await register({ username: 'CamelCase', password: 'secret', auth: DUMMY });
    expect(body['user_id']).toBe('@camelcase:test.example');
  });

  it('gives no token when the client wants none, and a refresh token when it wants one', async () => {
    const quiet = await register({ username: 'quiet', password: 'secret', inhibit_login: true, auth: DUMMY });
    expect(quiet.body).toEqual({ user_id: '@quiet:test.example', home_server: 'test.example' });
    const fresh = await register({ username: 'fresh', password: 'secret', refresh_token: true, auth: DUMMY });
    expect(fresh.body).toMatchObject({ refresh_token: expect.any(String), expires_in_ms: 300_000 });
    const refresh = (token: unknown) =>
      server.api().post<Record<string, string>>('/_matrix/client/v3/refresh', { refresh_token: token });
    const next = await refresh(fresh.body['refresh_token']);
    expect(next.body).toMatchObject({ access_token: expect.any(String), refresh_token: expect.any(String) });
    const api = server.api(next.body['access_token']);
    expect((await api.get('/_matrix/client/v3/account/whoami')).status).toBe(200);
    const stale = await refresh(fresh.body['refresh_token']);
    expect([stale.status, stale.body['errcode']]).toEqual([401, 'M_UNKNOWN_TOKEN']);
  });

  it('tells whether a name is free', async () => {
    const available = async (username: string) => {
      const { status, body } = await server.api().get(`${REGISTER}/available`, { username });
      return [status, body['available'] ?? body['errcode']];
    };
    await server.registerUser('gone');
    expect(await available('free')).toEqual([200, true]);
    expect(await available('gone')).toEqual([400, 'M_USER_IN_USE']);
    expect(await available('sp ace')).toEqual([400, 'M_INVALID_USERNAME']);
  });

  it('makes guests, who have no password and may do little', async () => {
    const { status, body } = await register({ initial_device_display_name: 'Visitor' }, '?kind=guest');
    expect(status).toBe(200);
    const api = server.api(body['access_token']);
    const whoami = await api.get('/_matrix/client/v3/account/whoami');
    expect(whoami.body).toMatchObject({ user_id: body['user_id'], is_guest: true });
    const refused = await api.put(`/_matrix/client/v3/user/${body['user_id']}/account_data/a`, {});
    expect([refused.status, refused.body['errcode']]).toEqual([403, 'M_GUEST_ACCESS_FORBIDDEN']);
  });

  it('tells application services that they are not known', async () => {
    const body = { type: 'm.login.application_service', username: 'bridge', inhibit_login: true };
    expect((await register(body)).body['errcode']).toBe('M_APPSERVICE_LOGIN_UNSUPPORTED');
  });

  it('says whether a registration token is valid', async () => {
    await server.domain.accounts.registrationTokens.put('welcome', { usesAllowed: 1 });
    const path = '/_matrix/client/v1/register/m.login.registration_token/validity';
    expect((await server.api().get(path, { token: 'welcome' })).body).toEqual({ valid: true });
    expect((await server.api().get(path, { token: 'nope' })).body).toEqual({ valid: false });
  });

  it('makes an administrator for whoever knows the shared secret', async () => {
    const path = '/_synapse/admin/v1/register';
    const { body: offer } = await server.api().get<{ nonce: string }>(path);
    const nonce = offer.nonce;
    const details = [nonce, 'Root', 'pässword', 'admin'];
    const mac = createHmac('sha1', SHARED_SECRET).update(details.join('\0')).digest('hex');
    const request = { nonce, username: 'Root', password: 'pässword', admin: true, displayname: 'Root', mac };
    const made = await server.api().post(path, request);
    expect(made.body).toMatchObject({ user_id: '@root:test.example', home_server: 'test.example' });
    expect((await server.domain.accounts.get('@root:test.example'))?.isAdmin).toBe(true);
    const again = await server.api().post(path, { ...request, username: 'root2' });
    expect([again.status, again.body['errcode']]).toEqual([400, 'M_INVALID_PARAM']);
    const forged = await server.api().post(path, { ...request, nonce: (await server.api().get(path)).body['nonce'] });
    expect([forged.status, forged.body['errcode']]).toEqual([403, 'M_FORBIDDEN']);
  });
});

describe('registration with conditions', () => {
  let server: TestServer;
  beforeAll(async () => {
    const terms = { privacy: { version: '1', name: 'Privacy', url: 'https://x.example/p' } };
    server = await startTestServer({
      registration: { require_token: true, require_terms: true, allow_guests: false, terms },
    });
  });
  afterAll(() => server.stop());

  it('asks for token and terms, in this order', async () => {
    await server.domain.accounts.registrationTokens.put('welcome', { usesAllowed: 1 });
    const account = { username: 'alice', password: 'secret' };
    const post = (auth?: object) => server.api().post(REGISTER, { ...account, ...(auth && { auth }) });
    const { body } = await post();
    expect(body).toMatchObject({
      flows: [{ stages: ['m.login.registration_token', 'm.login.terms'] }],
      params: { 'm.login.terms': { policies: { privacy: { version: '1', en: { name: 'Privacy' } } } } },
    });
    const { session } = body;
    expect((await post({ type: 'm.login.terms', session })).status).toBe(401);
    const halfway = await post({ type: 'm.login.registration_token', token: 'welcome', session });
    expect([halfway.status, halfway.body['completed']]).toEqual([401, ['m.login.registration_token']]);
    expect((await post({ type: 'm.login.terms', session })).status).toBe(200);
    const late = await server.api().post(REGISTER, { username: 'bob', password: 'secret' });
    const auth = { type: 'm.login.registration_token', token: 'welcome', session: late.body['session'] };
    const refused = await server.api().post(REGISTER, { username: 'bob', password: 'secret', auth });
    expect([refused.status, refused.body['errcode']]).toEqual([401, 'M_FORBIDDEN']);
  });

  it('sends guests away', async () => {
    const { status, body } = await server.api().post(`${REGISTER}?kind=guest`, {});
    expect([status, body['errcode']]).toEqual([403, 'M_GUEST_ACCESS_FORBIDDEN']);
  });
});
