import { createHash } from 'node:crypto';
import { Api } from '../support/api';
import { SHARED_SECRET, startTestServer, type TestServer } from '../support/server';
import { CLIENT_PATH, graphql, socketClient } from '../graphql/client';
import { everythingStored } from './everything-stored';

const CLIENT = '/_matrix/client/v3';

describe('what nobody but its owner may ever read', () => {
  const lines: string[] = [];
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ rate_limits: { enabled: true } }, (line) => lines.push(line));
  });
  afterAll(() => server.stop());
  afterEach(() => jest.restoreAllMocks());

  /** All that clients send or get that is secret, on every way of signing in, also on ways that fail. */
  async function leadABusyLife(): Promise<string[]> {
    const secrets = ['PLAIN-of-alice', 'PLAIN-mistyped', 'PLAIN-never-finished', 'PLAIN-new', 'PLAIN-of-admin'];
    const anybody = new Api(server.url);
    const begun = await anybody.post(`${CLIENT}/register`, { username: 'alice', password: secrets[0] });
    const auth = { type: 'm.login.dummy', session: begun.body['session'] };
    const asked = { username: 'alice', password: secrets[0], refresh_token: true, auth };
    const made = (await anybody.post(`${CLIENT}/register`, asked)).body;
    const identifier = { type: 'm.id.user', user: 'alice' };
    const login = (password?: string) =>
      anybody.post(`${CLIENT}/login`, { type: 'm.login.password', identifier, password, refresh_token: true });
    await login(secrets[1]);
    const second = (await login(secrets[0])).body;
    const refreshed = (await anybody.post(`${CLIENT}/refresh`, { refresh_token: second['refresh_token'] })).body;
    const tokens = [made, second, refreshed].flatMap((body) => [body['access_token'], body['refresh_token']]);
    const alice = new Api(server.url, text(made['access_token']));
    // Sessions that stay open: with a wrong password, with none, and with one in the body of the action itself.
    const device = text(second['device_id']);
    await alice.delete(`${CLIENT}/devices/${device}`, {
      auth: { type: 'm.login.password', identifier, password: secrets[1] },
    });
    await alice.post(`${CLIENT}/account/password`, { new_password: secrets[2] });
    await alice.post(`${CLIENT}/account/deactivate`, { auth: { type: 'm.login.password', password: secrets[1] } });
    const own = { type: 'm.login.password', identifier, password: secrets[0] };
    await alice.post(`${CLIENT}/account/password`, { new_password: secrets[3], logout_devices: false, auth: own });
    // Tokens in the query, known and unknown, on paths known and unknown; in both GraphQL doors.
    for (const path of ['/_matrix/client/r0/sync', `${CLIENT}/account/whoami`, `${CLIENT}/nothing`, '/elsewhere']) {
      await anybody.get(path, { access_token: text(refreshed['access_token']), timeout: 0 });
      await anybody.get(path, { access_token: 'trl_UNKNOWN-TOKEN' });
    }
    await graphql(server.url + CLIENT_PATH, text(made['access_token']), '{ viewer { isAdmin } }');
    await graphql(server.url + CLIENT_PATH, 'trl_UNKNOWN-TOKEN', '{ viewer { isAdmin } }');
    const socket = socketClient(server.url + CLIENT_PATH, 'trl_UNKNOWN-TOKEN');
    await new Promise<void>((resolve) => {
      const end = () => resolve();
      socket.subscribe(
        { query: 'subscription { timeline(roomId: "!a:b") { cursor } }' },
        { next: end, error: end, complete: end },
      );
    });
    await socket.dispose();
    await anybody.post('/_synapse/admin/v1/register', {
      nonce: 'x',
      username: 'admin',
      password: secrets[4],
      mac: 'x',
    });
    return [...secrets, ...tokens.map(text), 'UNKNOWN-TOKEN', SHARED_SECRET];
  }

  it('row 31, row 8: no password and no token is in the database, in an UIA session or in a log line of any level', async () => {
    const secrets = await leadABusyLife();
    expect(new Set(secrets).size).toBe(13);
    const isIn = (where: string) => secrets.filter((secret) => where.includes(secret));
    const stored = await everythingStored(server);
    // The search finds what is there: names, and the hashes of tokens.
    const token = secrets.find((secret) => secret.startsWith('trl_'))!;
    expect(stored).toContain('@alice:test.example');
    expect(stored).toContain(createHash('sha256').update(token).digest('hex'));
    expect(isIn(stored)).toEqual([]);
    expect(lines.length).toBeGreaterThan(15);
    expect(isIn(lines.join('\n'))).toEqual([]);
  });

  it('faults show neither SQL nor stack to the client, through either door, and are in the log under the id it was given', async () => {
    const user = await server.registerUser('carol');
    const fault = new Error('SQLITE_ERROR: near "SELEC": SELECT password_hash FROM accounts WHERE user_id = \'x\'');
    jest.spyOn(server.domain.profiles, 'get').mockRejectedValue(fault);
    jest.spyOn(server.domain.membership, 'joinedRooms').mockRejectedValue(fault);
    const rest = await user.api.get(`${CLIENT}/profile/${encodeURIComponent(user.userId)}`);
    expect(rest.status).toBe(500);
    expect(Object.keys(rest.body).sort()).toEqual(['errcode', 'error', 'request_id']);
    const graph = await graphql(server.url + CLIENT_PATH, user.token, '{ rooms { edges { cursor } } }');
    const { extensions } = graph.errors![0]!;
    expect(Object.keys(extensions!).sort()).toEqual(['code', 'errcode', 'requestId']);
    for (const shown of [JSON.stringify(rest.body), JSON.stringify(graph)]) {
      expect(shown).not.toMatch(/select|sqlite|mysql|mariadb|\.ts|\.js|node_modules|\bat /i);
    }
    const logged = lines.join('\n');
    expect(logged).toContain(text(rest.body['request_id']));
    expect(logged).toContain(String(extensions!['requestId']));
  });

  it('row 8: tokens are long, random and unlike each other', async () => {
    const users = await Promise.all(['d1', 'd2', 'd3'].map((name) => server.registerUser(name)));
    const bodies = users.map(({ token }) => token.replace(/^trl_/, ''));
    for (const body of bodies) expect(body).toMatch(/^[A-Za-z0-9_-]{32,}$/);
    for (const body of bodies) expect(new Set(body).size).toBeGreaterThan(12);
    const heads = bodies.map((body) => body.slice(0, 8));
    expect(new Set(heads).size).toBe(3);
  });

  it('the answers that hold them are kept by no cache', async () => {
    const user = await server.registerUser('dora');
    const paths = ['/account/whoami', '/sync', '/devices', '/nothing', `/profile/${encodeURIComponent(user.userId)}`];
    for (const path of paths) {
      const { headers } = await user.api.get(CLIENT + path);
      expect([path, headers.get('cache-control'), headers.get('etag')]).toEqual([path, 'no-store', null]);
    }
    const reply = await fetch(server.url + CLIENT_PATH, {
      method: 'POST',
      headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { user { userId } } }' }),
    });
    expect([reply.status, reply.headers.get('cache-control'), reply.headers.get('etag')]).toEqual([
      200,
      'no-store',
      null,
    ]);
  });
});

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`no text: ${JSON.stringify(value)}`);
  return value;
}
