import { contracts } from '#rest/generated/index';
import { startTestServer, type TestServer } from '../../support/server';

describe('the HTTP door of a running server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ rate_limits: { enabled: true, login: { requests: 2, seconds: 60 } } });
  });
  afterAll(() => server.stop());

  it('offers every operation, if only to refuse whoever has no token', async () => {
    const secured = contracts.filter(({ auth }) => auth === 'accessToken');
    for (const { method, path } of secured) {
      const answer = await server.api().request(method, path.replace(/\{\w+\}/g, 'x'));
      expect([method, path, answer.status, answer.body['errcode']]).toEqual([method, path, 401, 'M_MISSING_TOKEN']);
    }
  });

  it('limits logins and says when to come back', async () => {
    const login = () =>
      server.api().post('/_matrix/client/v3/login', { type: 'm.login.password', user: 'nobody', password: 'x' });
    expect([(await login()).status, (await login()).status]).toEqual([403, 403]);
    const { status, headers, body } = await login();
    expect([status, body['errcode']]).toEqual([429, 'M_LIMIT_EXCEEDED']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body['retry_after_ms']).toBeGreaterThan(0);
  });

  it('takes an old client by its old path with its token in the query', async () => {
    const { token, userId } = await server.registerUser('old');
    const { status, body } = await server.api().get('/_matrix/client/r0/account/whoami', { access_token: token });
    expect([status, body['user_id']]).toEqual([200, userId]);
  });

  it.each(['/', '/_matrix', '/_matrix/client/v3/nothing', '/elsewhere'])('does not know %s', async (path) => {
    const { status, body } = await server.api().get(path);
    expect([status, body['errcode']]).toEqual([404, 'M_UNRECOGNIZED']);
  });

  it('serves the documents it was made from', async () => {
    expect((await server.api().get('/api-docs')).status).toBe(200);
    expect((await server.api().get('/api-docs/client-server.json')).body['openapi']).toMatch(/^3\.1/);
  });
});
