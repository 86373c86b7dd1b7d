import { startTestServer, type TestServer } from '../../support/server';

const PAGE = (stage: string) => `/_matrix/client/v3/auth/${stage}/fallback/web`;

describe('pages for clients that do not know a stage', () => {
  let server: TestServer;
  beforeAll(async () => {
    const terms = { privacy: { version: '1', name: 'Privacy & <you>', url: 'https://x.example/p' } };
    server = await startTestServer({ registration: { require_token: true, require_terms: true, terms } });
    await server.domain.accounts.registrationTokens.put('welcome');
  });
  afterAll(() => server.stop());

  const account = { username: 'alice', password: 'secret' };
  const register = (auth?: object) =>
    server.api().post<Record<string, string>>('/_matrix/client/v3/register', { ...account, ...(auth && { auth }) });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const submit = (stage: string, fields: Record<string, string>) => {
    const body = new URLSearchParams(fields).toString();
    return server.api().request<string>('POST', PAGE(stage), { body, headers });
  };

  it('pass each stage in its turn; the client then comes with the session alone', async () => {
    const session = (await register()).body['session']!;
    const early = await submit('m.login.terms', { session });
    expect([early.status, early.body]).toEqual([400, expect.stringContaining('not the next')]);
    const wrong = await submit('m.login.registration_token', { session, token: 'wrong' });
    expect([wrong.status, wrong.body]).toEqual([400, expect.stringContaining('not valid')]);
    const right = await submit('m.login.registration_token', { session, token: 'welcome' });
    expect([right.status, right.body]).toEqual([200, expect.stringContaining('window.onAuthDone()')]);
    expect((await register({ session })).body).toMatchObject({ completed: ['m.login.registration_token'] });
    expect((await submit('m.login.terms', { session })).status).toBe(200);
    expect((await register({ session })).status).toBe(200);
  });

  it('show what is asked, escaped, and run nothing but their own script (row 18)', async () => {
    const { session } = (await server.api().post<Record<string, string>>('/_matrix/client/v3/register', {})).body;
    const page = await server.api().get<string>(PAGE('m.login.terms'), { session });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('Privacy &amp; &lt;you&gt;');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('say so when stage or session is unknown, without repeating either', async () => {
    const page = await server.api().get<string>(PAGE('m.login.terms'), { session: '<script>' });
    expect(page.status).toBe(404);
    expect(page.body).not.toContain('<script>');
    expect((await server.api().get(PAGE('m.login.magic'), { session: 'x' })).status).toBe(404);
  });

  it('pass the password stage for the user of the session and nobody else', async () => {
    const { userId } = await server.domain.accounts.create({
      localpart: 'bob',
      passwordHash: await server.domain.accounts.passwords.hash('his'),
    });
    const login = { type: 'm.login.password', user: 'bob', password: 'his' };
    const { body } = await server.api().post<Record<string, string>>('/_matrix/client/v3/login', login);
    const api = server.api(body['access_token']);
    const remove = (auth?: object) =>
      api.delete<Record<string, string>>('/_matrix/client/v3/devices/OTHER', auth && { auth });
    const session = (await remove()).body['session']!;
    expect((await submit('m.login.password', { session, password: 'hers' })).status).toBe(400);
    expect((await submit('m.login.password', { session, password: 'his' })).status).toBe(200);
    expect((await remove({ session })).status).toBe(200);
    expect(userId).toBe('@bob:test.example');
  });

  it('sign in whole', async () => {
    const page = await server.api().get<string>('/_matrix/static/client/login/', { device_id: 'X' });
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('window.matrixLogin.onLogin(answer)')]);
    expect(page.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[A-Za-z0-9+/=]+'/);
  });
});
