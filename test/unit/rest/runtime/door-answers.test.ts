import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { MatrixError } from '#kernel/errors';
import { silentLogger } from '#kernel/logger';
import type { SignedRequest } from '#rest/runtime/authenticate';
import { forgetResponseMismatches, responseMismatches } from '#rest/runtime/response-validator';
import { ALICE, authenticateAlice, DoorUnderTest } from './support';

const SEND = '/_matrix/client/v3/rooms/!r:example.org/send/m.room.message/t1';
const WHOAMI = '/_matrix/client/v3/account/whoami';
const UPLOAD = '/_matrix/media/v3/upload';

type Started = Parameters<typeof DoorUnderTest.start>;

describe('the door', () => {
  let door: DoorUnderTest | undefined;
  const start = async (...options: Started) => (door = await DoorUnderTest.start(...options));
  afterEach(() => door?.stop());

  const whoami = (reply: () => unknown) => ({ 'client-server': { whoami: { getTokenOwner: async () => reply() } } });
  const download = (reply: () => unknown) => ({
    'client-server': { contentRepo: { getContent: async () => reply() } },
  });
  const DOWNLOAD = '/_matrix/media/v3/download/example.org/abc';

  describe('with checked answers', () => {
    beforeEach(forgetResponseMismatches);
    afterEach(forgetResponseMismatches);

    it('lets through what the document allows', async () => {
      const { ask } = bound(
        await start(
          whoami(() => ({ user_id: '@alice:example.org' })),
          { validateResponses: true },
        ),
      );
      expect((await ask(WHOAMI)).status).toBe(200);
      expect(responseMismatches()).toEqual([]);
    });

    it('turns what the document does not allow into a fault and remembers it', async () => {
      const { ask } = bound(
        await start(
          whoami(() => ({ user_id: 7 })),
          { validateResponses: true },
        ),
      );
      expect((await ask(WHOAMI)).status).toBe(500);
      expect(responseMismatches()).toEqual([
        { operation: 'client-server/getTokenOwner', status: 200, problem: '/user_id must be string' },
      ]);
    });

    it('only tells of it when a share is checked', async () => {
      const { ask } = bound(
        await start(
          whoami(() => ({})),
          { validateResponses: 0.5 },
        ),
      );
      expect([(await ask(WHOAMI)).status, (await ask(WHOAMI)).status]).toEqual([200, 200]);
      expect(responseMismatches()).toHaveLength(1);
    });

    it('checks refusals, too', async () => {
      const refuse = () => {
        throw new MatrixError('M_LIMIT_EXCEEDED', 'Slow down', { retry_after_ms: 'soon' });
      };
      const { ask } = bound(await start(whoami(refuse), { validateResponses: true }));
      expect((await ask(WHOAMI)).status).toBe(500);
      expect(responseMismatches()).toHaveLength(1);
    });
  });

  describe('with answers that are not JSON', () => {
    it('redirects', async () => {
      const { ask } = bound(
        await start(download(() => ({ status: 307, headers: { Location: 'https://cdn.example/x' } }))),
      );
      const answer = await ask(DOWNLOAD);
      expect([answer.status, answer.headers['location'], answer.text]).toEqual([307, 'https://cdn.example/x', '']);
    });

    it('sends bytes with the headers of the delegate, whose names win in any case', async () => {
      const headers = { 'content-type': 'image/png', 'x-content-type-options': 'other' };
      const { ask } = bound(await start(download(() => ({ status: 200, headers, body: Buffer.from('picture') }))));
      const answer = await ask(DOWNLOAD);
      expect([answer.text, answer.headers['content-type'], answer.headers['x-content-type-options']]).toEqual([
        'picture',
        'image/png',
        'other',
      ]);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    });

    it('sends streams', async () => {
      const body = () => Readable.from([Buffer.from('one '), Buffer.from('two')]);
      const { ask } = bound(await start(download(() => ({ status: 200, body: body() }))));
      expect((await ask(DOWNLOAD)).text).toBe('one two');
    });

    it('lets go of a stream when the client went away before it was there', async () => {
      const body = Readable.from([Buffer.from('file')]);
      let ready: (reply: unknown) => void = () => undefined;
      const reply = new Promise((resolve) => (ready = resolve));
      const { port } = await start(download(() => reply));
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET ${DOWNLOAD} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await sleep(100);
      socket.destroy();
      await sleep(50);
      ready({ status: 200, body });
      await once(body, 'close');
      expect(body.destroyed).toBe(true);
    });

    it('breaks the connection when a stream fails half way', async () => {
      async function* failing() {
        yield Buffer.from('one');
        await sleep(10);
        throw new Error('disk');
      }
      const { ask } = bound(await start(download(() => ({ status: 200, body: Readable.from(failing()) }))));
      await expect(ask(DOWNLOAD)).rejects.toThrow();
    });
  });

  describe('with uploads', () => {
    interface Upload {
      request: { stream: Readable };
    }
    const upload = async ({ request }: Upload) => {
      const chunks = await request.stream.toArray();
      return { content_uri: `mxc://example.org/${Buffer.concat(chunks as Buffer[]).length}` };
    };
    const options = { bodyLimits: { binary: 1000 } };
    const delegates = { 'client-server': { contentRepo: { uploadContent: upload } } };

    it('hands the bytes over as they come', async () => {
      const { ask } = bound(await start(delegates, options));
      const answer = await ask(UPLOAD, {
        method: 'POST',
        body: Buffer.alloc(1000, 0xff),
        headers: { 'Content-Type': 'image/png' },
      });
      expect([answer.status, answer.json]).toEqual([200, { content_uri: 'mxc://example.org/1000' }]);
    });

    it.each(['identity', 'chunked'])('refuses more than allowed, sent %s', async (encoding) => {
      const headers: Record<string, string> = encoding === 'chunked' ? { 'Transfer-Encoding': encoding } : {};
      const { ask } = bound(await start(delegates, options));
      const answer = await ask(UPLOAD, { method: 'POST', body: Buffer.alloc(1001), headers });
      expect([answer.status, answer.json['errcode']]).toEqual([413, 'M_TOO_LARGE']);
    });
  });

  it('survives a delegate that refuses an upload without reading it', async () => {
    const uploadContent = async () => {
      throw new MatrixError('M_FORBIDDEN', 'Quota');
    };
    const { ask } = bound(
      await start({ 'client-server': { contentRepo: { uploadContent } } }, { bodyLimits: { binary: 100_000 } }),
    );
    for (const size of [10, 100_000, 5_000_000]) {
      const sent = ask(UPLOAD, {
        method: 'POST',
        body: Buffer.alloc(size),
        headers: { 'Transfer-Encoding': 'chunked' },
      });
      // A large body may still be on its way when the connection ends, and the answer is lost then.
      const status = await sent.then(
        (answer) => answer.status,
        () => 403,
      );
      expect(status).toBe(403);
    }
    expect((await ask('/_matrix/client/v3/nothing')).status).toBe(404);
  });

  describe('between servers', () => {
    const seen: SignedRequest[] = [];
    const server = async (request: SignedRequest) => {
      seen.push(request);
      if (request.signatures.length < 2) throw new MatrixError('M_UNAUTHORIZED', 'Bad signature');
      return { origin: 'other.example' };
    };
    const options = { authenticate: { user: authenticateAlice, server } };
    const delegates = {
      'server-server': {
        transactions: {
          sendTransaction: async ({ requester }: { requester: { origin: string } }) => ({
            pdus: { [requester.origin]: {} },
          }),
        },
        joinsV2: { sendJoinV2: async () => ({ state: [], auth_chain: [], event: {} }) },
      },
    };
    const TRANSACTION = '/_matrix/federation/v1/send/1?x=%20y';
    const body = { origin: 'other.example', origin_server_ts: 1, pdus: [] };
    const headers = { Authorization: ['X-Matrix origin="a",key="1"', 'x-matrix origin="a",key="2"'] };
    beforeEach(() => void seen.splice(0));

    it('shows the verifier all signatures, the target as sent and the parsed body', async () => {
      const { ask } = bound(await start(delegates, options));
      const answer = await ask(TRANSACTION, { method: 'PUT', token: null, headers, body });
      expect([answer.status, answer.json]).toEqual([200, { pdus: { 'other.example': {} } }]);
      const signatures = headers.Authorization;
      expect(seen).toEqual([{ method: 'PUT', uri: TRANSACTION, signatures, content: body, client: '127.0.0.1' }]);
    });

    it('refuses a bad signature', async () => {
      const { ask } = bound(await start(delegates, options));
      const answer = await ask(TRANSACTION, {
        method: 'PUT',
        token: null,
        headers: { Authorization: 'X-Matrix origin="a"' },
        body,
      });
      expect([answer.status, answer.json['errcode']]).toEqual([401, 'M_UNAUTHORIZED']);
    });

    it('refuses a missing signature before the body', async () => {
      const { ask } = bound(await start(delegates, options));
      expect((await ask(TRANSACTION, { method: 'PUT', token: null, body: '{' })).status).toBe(401);
      expect(seen).toEqual([]);
    });

    it('refuses everybody without a verifier', async () => {
      const { ask } = bound(await start(delegates));
      expect((await ask(TRANSACTION, { method: 'PUT', token: null, headers, body })).status).toBe(401);
    });

    it('answers the first send_join with a pair, where it is switched on', async () => {
      const path = '/_matrix/federation/v1/send_join/!r:x/$e';
      const join = {
        type: 'm.room.member',
        state_key: '@a:x',
        sender: '@a:x',
        origin: 'x',
        origin_server_ts: 1,
        content: { membership: 'join' },
      };
      const { ask } = bound(await start(delegates, { ...options, legacyGroups: ['federation_v1'] }));
      const answer = await ask(path, { method: 'PUT', token: null, headers, body: join });
      expect(answer.text).toMatch(/^\[200,\{/);
    });
  });

  describe('with limits', () => {
    const rateLimits = {
      enabled: true,
      rates: { message: { points: 2, seconds: 60 }, login: { points: 1, seconds: 60 } },
    };
    const delegates = {
      'client-server': {
        roomSend: { sendMessage: async () => ({ event_id: '$e' }) },
        login: { login: async () => ({ user_id: '@a:x', access_token: 't', device_id: 'D' }) },
      },
    };

    it('refuses the third of two messages and says when to come back', async () => {
      const { ask } = bound(await start(delegates, { rateLimits }));
      const statuses = [];
      for (let at = 0; at < 2; at++) statuses.push((await ask(SEND, { method: 'PUT', body: {} })).status);
      const last = await ask(SEND, { method: 'PUT', body: '{' });
      expect([...statuses, last.status]).toEqual([200, 200, 429]);
      expect(last.json['errcode']).toBe('M_LIMIT_EXCEEDED');
      expect(last.json['retry_after_ms']).toBeGreaterThan(0);
      expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    });

    it('counts nothing of those who are exempt', async () => {
      const isExemptFromLimits = ({ userId }: { userId: string }) => userId === ALICE.userId;
      const { ask } = bound(await start(delegates, { rateLimits, isExemptFromLimits }));
      for (let at = 0; at < 4; at++) expect((await ask(SEND, { method: 'PUT', body: {} })).status).toBe(200);
    });

    it('counts logins by the address that a trusted proxy names', async () => {
      const listener = { resources: new Set(['client']), trustedProxies: ['127.0.0.0/8'] };
      const { ask } = bound(await start(delegates, { rateLimits, listener }));
      const from = async (address: string) => {
        const headers = { 'X-Forwarded-For': address };
        return (await ask('/_matrix/client/v3/login', { method: 'POST', token: null, headers, body: { type: 'x' } }))
          .status;
      };
      expect([await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.1')]).toEqual([200, 200, 429]);
    });

    it('does not believe addresses from others', async () => {
      const { ask } = bound(await start(delegates, { rateLimits }));
      const from = async (address: string) => {
        const headers = { 'X-Forwarded-For': address };
        return (await ask('/_matrix/client/v3/login', { method: 'POST', token: null, headers, body: { type: 'x' } }))
          .status;
      };
      expect([await from('192.0.2.1'), await from('192.0.2.2')]).toEqual([200, 429]);
    });
  });

  it('serves only the resources of its listener and passes on what is not Matrix', async () => {
    const { ask } = bound(
      await start(
        whoami(() => ({})),
        { listener: { resources: new Set(['federation']) } },
      ),
    );
    expect((await ask(WHOAMI)).json['errcode']).toBe('M_UNRECOGNIZED');
    const pages = ['/elsewhere', '/_matrix/static/client/login/', '/_matrix/client/v3/auth/m.login.terms/fallback/web'];
    for (const path of pages) expect((await ask(path)).text).toContain(`Cannot GET ${path}`);
    expect((await ask('/_matrix/client/v3/rooms/!r:x/send/fallback/web')).json['errcode']).toBe('M_UNRECOGNIZED');
  });

  it('tells the delegate when the client goes away', async () => {
    let aborted: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (aborted = resolve));
    const delegates = {
      'client-server': {
        whoami: {
          getTokenOwner: ({ request }: { request: { signal: AbortSignal } }) =>
            new Promise(() => request.signal.addEventListener('abort', aborted)),
        },
      },
    };
    const { port } = await start(delegates);
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${WHOAMI} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\n\r\n`);
    await sleep(100);
    socket.destroy();
    await gone;
  });

  it('survives a client that goes away in the middle of its body', async () => {
    const lines: unknown[] = [];
    const logger = { ...silentLogger, error: (fields: object) => lines.push(fields) };
    const running = await start({ 'client-server': { roomSend: { sendMessage: async () => ({}) } } }, { logger });
    const socket = connect(running.port, '127.0.0.1');
    socket.write(`PUT ${SEND} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\nContent-Length: 50\r\n\r\n{"a":`);
    await sleep(100);
    socket.destroy();
    await sleep(50);
    expect((await running.ask('/_matrix/client/v3/nothing')).status).toBe(404);
    expect(lines).toEqual([]);
  });

  it('does not read a large body of somebody it refuses', async () => {
    const { port } = await start(whoami(() => ({})));
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let all = '';
      socket.on('data', (chunk) => (all += chunk.toString())).on('close', () => resolve(all));
      socket.write(`PUT ${SEND} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{`);
    });
    expect(text).toMatch(/^HTTP\/1.1 401 /);
    expect(text).toMatch(/^Connection: close\r$/m);
  });

  it('understands the absolute form that proxies may send', async () => {
    const { port } = await start(whoami(() => ({ user_id: '@alice:example.org' })));
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let all = '';
      socket.on('data', (chunk) => (all += chunk.toString())).on('close', () => resolve(all));
      socket.write(
        `GET http://example.org${WHOAMI} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\nConnection: close\r\n\r\n`,
      );
    });
    expect(text).toContain('200 OK');
  });

  it('writes one line for each request, with its template and without anything secret', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = { ...silentLogger, info: (fields: object) => void lines.push(fields as Record<string, unknown>) };
    const counted: unknown[] = [];
    const observe = (operation: string, status: number) => void counted.push([operation, status]);
    const { ask } = bound(
      await start(
        whoami(() => ({ user_id: '@a:x' })),
        { logger, observe },
      ),
    );
    await ask(`${WHOAMI}?access_token=alice&secret=hidden`, { token: null });
    await ask('/_matrix/client/v3/hidden?secret=hidden');
    await sleep(20);
    expect(lines).toMatchObject([
      { method: 'GET', route: WHOAMI, status: 200, caller: '@alice:example.org', ip: '127.0.0.1' },
      { method: 'GET', route: undefined, status: 404 },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hidden|"alice"|access_token/);
    expect(counted).toEqual([
      ['client-server/getTokenOwner', 200],
      ['other', 404],
    ]);
  });
});

function bound(door: DoorUnderTest) {
  return { ask: door.ask.bind(door) };
}
