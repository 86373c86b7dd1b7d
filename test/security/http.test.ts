import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Api } from '../support/api';
import { startTestServer, type TestServer, type TestUser } from '../support/server';
import { CLIENT_PATH } from '../graphql/client';
import { refusal } from './rooms-rig';

const CLIENT = '/_matrix/client/v3';

describe('HTTP as hostile clients and proxies speak it', () => {
  const lines: string[] = [];
  let server: TestServer;
  let alice: TestUser;

  beforeAll(async () => {
    server = await startTestServer({}, (line) => lines.push(line));
    alice = await server.registerUser('alice');
  });
  afterAll(() => server.stop());

  /** Sends bytes as they are and gives all that comes back until the server closes or `answers` answers were read. */
  function raw(bytes: string, answers = 1): Promise<string> {
    const { hostname, port } = new URL(server.url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(bytes));
      let text = '';
      const done = () => {
        socket.destroy();
        resolve(text);
      };
      socket.on('data', (data) => {
        text += data.toString('latin1');
        if (text.split('HTTP/1.1 ').length - 1 >= answers && /"\}?$|\}$/.test(text)) done();
      });
      socket.on('error', reject);
      socket.on('close', done);
    });
  }

  const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  const WHOAMI = `GET ${CLIENT}/account/whoami HTTP/1.1\r\nHost: test.example\r\n`;
  const post = (headers: string, body: string) =>
    `POST ${CLIENT}/login HTTP/1.1\r\nHost: test.example\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`;
  const smuggled = () => `${WHOAMI}Authorization: Bearer ${alice.token}\r\n\r\n`;

  it.each<[string, (inner: string) => string]>([
    ['a length and chunks', (inner) => post(`Content-Length: 4\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${inner}`)],
    ['chunks and a length', (inner) => post(`Transfer-Encoding: chunked\r\nContent-Length: 4`, `0\r\n\r\n${inner}`)],
    ['two lengths', (inner) => post(`Content-Length: 0\r\nContent-Length: ${inner.length}`, inner)],
    ['two lengths in one header', (inner) => post(`Content-Length: 0, ${inner.length}`, inner)],
    ['a length with a sign', (inner) => post(`Content-Length: +0`, inner)],
    ['a length in hexadecimal', (inner) => post(`Content-Length: 0x0`, inner)],
    ['a negative length', (inner) => post(`Content-Length: -1`, inner)],
    ['a blank before the colon', (inner) => post(`Content-Length : 0`, inner)],
    ['an encoding that is not chunked', (inner) => post(`Transfer-Encoding: xchunked`, inner)],
    ['chunked not last', (inner) => post(`Transfer-Encoding: chunked, identity`, `0\r\n\r\n${inner}`)],
    ['a folded header', (inner) => post(`Transfer-Encoding:\r\n chunked`, `0\r\n\r\n${inner}`)],
    ['a bare line feed in the headers', (inner) => post(`X: y\nTransfer-Encoding: chunked`, `0\r\n\r\n${inner}`)],
    ['a NUL in a header', (inner) => post(`X: y\0z\r\nContent-Length: 0`, inner)],
  ])('row 15: a request with %s is refused, and what follows it is not answered', async (_what, build) => {
    const answer = await raw(build(smuggled()), 2);
    expect(statuses(answer)).toEqual([400]);
    expect(answer).not.toContain(alice.userId);
  });

  it('row 15: pipelined requests are answered one by one, in their order, each with its own answer', async () => {
    const bodies = ['{"type":"m.login.password"}', 'no json', '{"type":"unknown"}'];
    const one = (body: string) => post(`Content-Length: ${body.length}`, body);
    const answer = await raw(smuggled() + bodies.map(one).join('') + smuggled(), 5);
    expect(statuses(answer)).toEqual([200, 400, 400, 400, 200]);
    const codes = [...answer.matchAll(/"errcode":"(\w+)"/g)].map(([, code]) => code);
    expect(codes).toEqual(['M_MISSING_PARAM', 'M_NOT_JSON', expect.any(String)]);
    expect(answer.split(alice.userId).length - 1).toBe(2);
  });

  it('row 15: a refused body is not read as the next request', async () => {
    const body = `${' '.repeat(2_000_000)}${smuggled()}`;
    const answer = await raw(post(`Content-Length: ${body.length}`, body), 2).catch(() => '');
    expect(statuses(answer).filter((status) => status !== 413)).toEqual([]);
    expect(answer).not.toContain(alice.userId);
  });

  it('a request without a Host is refused, and what Host says is believed by nobody', async () => {
    expect(statuses(await raw(`GET /_matrix/client/versions HTTP/1.1\r\n\r\n`))).toEqual([400]);
    const forged = 'X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: gopher\r\nForwarded: host=evil.test\r\n';
    const paths = [
      '/.well-known/matrix/client',
      '/_matrix/client/versions',
      `${CLIENT}/login`,
      `${CLIENT}/login/sso/redirect?redirectUrl=https://evil.test`,
      '/_matrix/static/client/login/',
      '/api-docs',
      '/_trellis/graphql/graphiql',
      '/nothing',
    ];
    for (const path of paths) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: evil.test\r\n${forged}Connection: close\r\n\r\n`, 99);
      expect([path, answer.includes('evil.test')]).toEqual([path, false]);
    }
  });

  it('X-Forwarded-For counts from trusted proxies only: here from nobody', async () => {
    const api = new Api(server.url, alice.token);
    await api.request('GET', `${CLIENT}/account/whoami`, { headers: { 'x-forwarded-for': '203.0.113.77' } });
    const devices = await api.get(`${CLIENT}/devices`);
    expect(JSON.stringify(devices.body)).not.toContain('203.0.113.77');
    expect(lines.join('\n')).not.toContain('203.0.113.77');
  });

  it.each(['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'GZIP', 'identity, gzip'])(
    'row 51: a body packed with %s is refused before it is unpacked',
    async (encoding) => {
      const body = gzipSync(Buffer.from(`{"a":"${' '.repeat(10_000_000)}"}`));
      const headers = { 'content-encoding': encoding };
      const reply = await alice.api.request('POST', `${CLIENT}/createRoom`, { headers, body });
      expect([reply.status, reply.body['room_id']]).toEqual([415, undefined]);
    },
  );

  it.each([
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/json; charset=utf-16',
  ])('row 38: a body of type %s is read as JSON or not at all, and no more than a JSON body may have', async (type) => {
    const headers = { 'content-type': type };
    const form = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n';
    const reply = await alice.api.request('POST', `${CLIENT}/createRoom`, { headers, body: form });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    const large = await alice.api
      .request('POST', `${CLIENT}/createRoom`, { headers, body: 'x'.repeat(2_000_000) })
      .catch(() => undefined);
    expect([413, undefined]).toContain(large?.status);
  });

  it('row 38: a body without a length is cut off at the limit', async () => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    const text = await raw(post('Transfer-Encoding: chunked', chunk.repeat(40))).catch(() => 'HTTP/1.1 413');
    expect(statuses(text)).toEqual([413]);
  });

  it.each(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'CORS: %s is for pages of any origin, without cookies or credentials of the browser',
    async (method) => {
      const headers = { origin: 'https://evil.test', 'access-control-request-method': method };
      for (const path of ['/account/whoami', '/nothing', '/login']) {
        const reply = await new Api(server.url).request(method, CLIENT + path, { headers });
        expect([path, reply.headers.get('access-control-allow-origin')]).toEqual([path, '*']);
        expect(reply.headers.get('access-control-allow-credentials')).toBeNull();
        expect(reply.headers.get('set-cookie')).toBeNull();
      }
    },
  );

  it('CORS: what is between servers, and GraphQL, is for no other origin', async () => {
    for (const path of ['/_matrix/federation/v1/version', '/_matrix/key/v2/server', CLIENT_PATH, '/metrics']) {
      const reply = await new Api(server.url).request('GET', path, { headers: { origin: 'https://evil.test' } });
      expect([path, reply.headers.get('access-control-allow-origin')]).toEqual([path, null]);
    }
  });

  it.each([
    '/api-docs/',
    '/_matrix/static/client/login/',
    `${CLIENT}/auth/m.login.dummy/fallback/web?session=x`,
    '/_trellis/graphql/graphiql/',
  ])('row 16, row 18: the page %s is framed by nobody and runs no script that is written into it', async (path) => {
    const reply = await fetch(server.url + path);
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(reply.headers.get('content-type')).toMatch(/^text\/html/);
    expect(policy).toContain("frame-ancestors 'none'");
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)?.[1];
    expect(scripts).toBeDefined();
    expect(scripts).not.toMatch(/unsafe-inline|\*|https?:/);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    '/_matrix/static/client/login/?x="><script>alert(1)</script>',
    `${CLIENT}/auth/m.login.terms/fallback/web?session="><script>alert(1)</script>`,
    `${CLIENT}/auth/"><script>alert(1)<%2Fscript>/fallback/web?session=x`,
    '/"><script>alert(1)</script>',
    '/api-docs/"><script>alert(1)</script>',
  ])('row 18: nothing of the request is written into a page: %s', async (path) => {
    const reply = await fetch(server.url + encodeURI(path).replaceAll('%25', '%'));
    expect(await reply.text()).not.toContain('<script>alert');
  });

  it.each(['/..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/package.json', '/..\\..\\package.json', '/....//package.json'])(
    'row 24: no file outside is reached by %s',
    async (path) => {
      for (const base of ['/api-docs', '/_trellis/graphql/graphiql', '/_matrix/static', '']) {
        const text = await raw(`GET ${base}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 99);
        expect([base, text.includes('"devDependencies"')]).toEqual([base, false]);
      }
    },
  );

  it('a token that is too long, has odd characters or comes twice is no token', async () => {
    const header = (value: string) =>
      alice.api.request('GET', `${CLIENT}/account/whoami`, { headers: { authorization: value } });
    for (const value of [
      `Bearer ${'x'.repeat(20_000)}`,
      `Bearer ${alice.token} ${alice.token}`,
      `Bearer ${alice.token},`,
      `Basic ${alice.token}`,
      `Bearer\t`,
    ]) {
      expect((await header(value)).status).toBe(401);
    }
    const none = new Api(server.url);
    const token = `access_token=${alice.token}`;
    expect(refusal(await none.get(`${CLIENT}/account/whoami?access_token=x&${token}`))).toEqual([
      401,
      'M_UNKNOWN_TOKEN',
    ]);
    const upper = alice.token.toUpperCase();
    expect((await none.as(upper).get(`${CLIENT}/account/whoami`)).status).toBe(401);
    for (const odd of [`${alice.token}%20`, `${alice.token}%00`]) {
      expect([400, 401]).toContain((await none.get(`${CLIENT}/account/whoami?access_token=${odd}`)).status);
    }
  });

  it('keys that would fall into one slot of a table cost no more than others', async () => {
    // V8 seeds its string hashes for each process; integer-like keys are the ones with a known order of insertion.
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [String(n * 65_536), 0]));
    const path = `${CLIENT}/user/${encodeURIComponent(alice.userId)}/account_data/org.example.flood`;
    expect([200, 413]).toContain((await alice.api.put(path, many)).status);
    const query = Array.from({ length: 1_000 }, (_, n) => `k${n}=1`).join('&');
    expect((await alice.api.get(`${CLIENT}/sync?${query}`)).status).toBe(400);
  });
});
