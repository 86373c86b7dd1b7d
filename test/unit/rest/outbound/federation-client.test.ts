import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Federation, RemoteServerError, UnreachableServerError } from '#domain/federation';
import type { JsonObject } from '#kernel/json';
import { HttpOut } from '#platform/http-out/http-out';
import { parseRequestSignature, requestText, SigningKey, VerifyKey } from '#protocol/signing/index';
import { FederationClient } from '#rest/outbound/federation-client';
import { keySource } from '#rest/outbound/key-source';
import { makePrivateCa, type PrivateCa } from '../../../support/private-ca';
import { startTestStorage, type TestStorage } from '../../../support/storage';

interface Heard {
  readonly request: IncomingMessage;
  readonly body: string;
}

const KEY = SigningKey.fromSeed('ed25519:k', Buffer.alloc(32, 5));
let ca: PrivateCa;
let database: TestStorage;
let http: HttpOut;
let server: Server;
let other: string;
let heard: Heard[];
let answer: (heard: Heard, response: ServerResponse) => void;
let federation: Federation;
let client: FederationClient;
const clock = { now: Date.now() };

beforeAll(async () => {
  ca = makePrivateCa();
  const { cert, key } = ca.issue('localhost', 'a.test');
  server = createServer({ cert, key }, (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      heard.push({ request, body });
      answer({ request, body }, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  other = `localhost:${(server.address() as AddressInfo).port}`;
});
beforeEach(async () => {
  heard = [];
  answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  database = await startTestStorage();
  const { port } = server.address() as AddressInfo;
  const names = {
    addresses: async (host: string) => [{ address: host === 'dead.test' ? '127.9.9.9' : '127.0.0.1', family: 4 }],
    services: async (name: string) =>
      name === '_matrix-fed._tcp.a.test'
        ? [
            { name: 'dead.test', port: 1, priority: 1, weight: 0 },
            { name: 'live.test', port, priority: 2, weight: 0 },
          ]
        : [],
  };
  http = new HttpOut(names, { allowPrivateNetworks: true, caCertificates: [ca.ca] });
  const config = {
    serverName: 'own.test',
    allowedDomains: null,
    deniedDomains: ['denied.test'],
    trustedKeyServers: [],
    revokedKeys: [],
  };
  const parts = { storage: database.storage, signingKey: KEY, http, names, now: () => clock.now };
  federation = new Federation(config, parts);
  client = new FederationClient(federation, http);
  federation.bind(keySource(client));
});
afterEach(async () => {
  await http.close();
  await database.stop();
});
afterAll(() => {
  ca.remove();
  server.closeAllConnections();
  server.close();
});

/** Whether a request carries our signature over what was really sent. */
function isSigned({ request, body }: Heard, destination: string): boolean {
  const claim = parseRequestSignature(request.headers.authorization ?? '');
  const content = body === '' ? undefined : (JSON.parse(body) as JsonObject);
  const parts = { method: request.method!, uri: request.url!, origin: 'own.test', destination, content };
  const key = VerifyKey.fromBase64(KEY.publicKey)!;
  return claim?.destination === destination && key.verify(requestText(parts), claim.signature);
}

const fails = (status: number, body: string) => (_: Heard, response: ServerResponse) =>
  response.writeHead(status).end(body);
const query = () => client.to(other).queryProfile({ query: { user_id: '@ä b:localhost' } });
const problem = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a call of another homeserver', () => {
  it('is signed over path, query and body as they go out', async () => {
    await query();
    await client.to(other).getMissingPreviousEvents({
      path: { roomId: '!ö/x:localhost' },
      body: { earliest_events: [], latest_events: ['$é'], limit: 5 },
    });
    expect(heard.map((one) => isSigned(one, other))).toEqual([true, true]);
    expect(heard[0]!.request.url).toBe('/_matrix/federation/v1/query/profile?user_id=%40%C3%A4+b%3Alocalhost');
    expect(heard[0]!.request.headers.host).toBe(other);
    expect(heard[1]!.request.headers['content-type']).toBe('application/json');
  });

  it('gives the answer, also those that are lists', async () => {
    answer = fails(200, '{"displayname":"A"}');
    expect(await query()).toEqual({ displayname: 'A' });
    answer = fails(200, '[200,{"event":{}}]');
    const body = {} as Parameters<ReturnType<typeof client.to>['sendInviteV1']>[0]['body'];
    const invited = await client.to(other).sendInviteV1({ path: { roomId: '!r:localhost', eventId: '$e' }, body });
    expect(invited).toEqual([200, { event: {} }]);
  });

  it('tries the next place of a server when nobody is at the first, by the certificate of the name', async () => {
    await client.to('a.test').getVersion();
    expect(heard[0]!.request.headers.host).toBe('a.test');
    expect(isSigned(heard[0]!, 'a.test')).toBe(true);
  });

  it('ends with what the other says, when that is ours to say too', async () => {
    answer = fails(403, '{"errcode":"M_FORBIDDEN","error":"no"}');
    const error = await problem(query());
    expect(error).toBeInstanceOf(RemoteServerError);
    expect(error).toMatchObject({ errcode: 'M_FORBIDDEN', status: 403, remoteCode: 'M_FORBIDDEN' });
  });

  it('never passes on what would log a client out', async () => {
    answer = fails(401, '{"errcode":"M_UNKNOWN_TOKEN","error":"who?","soft_logout":true}');
    expect(await problem(query())).toMatchObject({ errcode: 'M_BAD_STATUS', remoteCode: 'M_UNKNOWN_TOKEN', extra: {} });
  });

  it.each([
    ['no JSON', '<html>'],
    ['a text', '"x"'],
    ['JSON nested without end', `{"a":${'['.repeat(100_000)}`],
    ['nothing that is UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('ends with an error when the answer is %s', async (_, body) => {
    answer = (__, response) => response.writeHead(200).end(body);
    expect(await problem(query())).toMatchObject({ errcode: 'M_BAD_STATUS', remoteCode: 'M_NOT_JSON' });
  });

  it('follows no redirect (row 20, row 46)', async () => {
    answer = (_, response) => response.writeHead(307, { location: `https://${other}/elsewhere` }).end();
    expect(await problem(query())).toMatchObject({ status: 307 });
    expect(heard).toHaveLength(1);
  });

  it('is not made to denied servers, to this server or to what is no server', async () => {
    expect(await problem(client.to('denied.test').getVersion())).toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(await problem(client.to('own.test').getVersion())).toBeInstanceOf(UnreachableServerError);
    expect(await problem(client.to('a/b').getVersion())).toMatchObject({ errcode: 'M_FORBIDDEN' });
  });
});

describe('a server that fails', () => {
  it.each([500, 502, 429])('with status %i is left alone for a while', async (status) => {
    answer = fails(status, '');
    await problem(query());
    expect(await problem(query())).toBeInstanceOf(UnreachableServerError);
    expect(heard).toHaveLength(1);
  });

  it('for hours is asked every ten minutes at most for whoever waits, and not for others', async () => {
    answer = (_, response) => response.writeHead(429, { 'retry-after': '7200' }).end();
    await problem(query());
    const askedFor = async (urgent: boolean) => {
      const before = heard.length;
      await problem(client.to(other, { urgent }).getVersion());
      return heard.length > before;
    };
    expect(await askedFor(true)).toBe(false);
    for (let turn = 0; turn < 2; turn++) {
      clock.now += 600_000;
      expect([await askedFor(false), await askedFor(true), await askedFor(true)]).toEqual([false, true, false]);
    }
    answer = (_, response) => response.writeHead(200).end('{"server":{}}');
    clock.now += 600_000;
    expect([await askedFor(true), await askedFor(false)]).toEqual([true, true]);
  });

  it('to connect is left alone, and tried again when its time has come', async () => {
    await problem(client.to('localhost:1').getVersion());
    expect(await federation.destinations.retryAt('localhost:1')).toBeDefined();
    clock.now += 60_000;
    expect(await federation.destinations.retryAt('localhost:1')).toBeUndefined();
  });

  it('by refusing is well: it has answered', async () => {
    answer = fails(404, '{"errcode":"M_NOT_FOUND","error":"no"}');
    await problem(query());
    expect(await federation.destinations.retryAt(other)).toBeUndefined();
  });

  it('to give its keys is not remembered: strangers decide whom we ask for keys', async () => {
    const wanted = { serverName: 'localhost:1', keyId: 'ed25519:x', at: null };
    expect((await federation.keys.find([wanted], '192.0.2.1'))(wanted)).toBeUndefined();
    expect(await database.storage.all('SELECT * FROM destinations')).toEqual([]);
  });

  it('when the caller loses interest is not held to have failed', async () => {
    const controller = new AbortController();
    answer = () => controller.abort();
    await problem(client.to(other, { signal: controller.signal }).getVersion());
    expect(await federation.destinations.retryAt(other)).toBeUndefined();
  });
});
