import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { Federation } from '#domain/federation';
import { HttpOut, type OutgoingRequest } from '#platform/http-out/http-out';
import type { ServiceRecord } from '#platform/http-out/names';
import { SigningKey } from '#protocol/signing/index';
import { FederationClient } from '#rest/outbound/federation-client';
import { makePrivateCa, type Certificate, type PrivateCa } from '../../../support/private-ca';
import { startTestStorage, type TestStorage } from '../../../support/storage';

const KEY = SigningKey.fromSeed('ed25519:k', Buffer.alloc(32, 5));
const NAMES = ['a.test', 'b.test', 'srv.test', '127.0.0.1', '::1'];
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

let ca: PrivateCa;
let database: TestStorage;
/** By the one name that it is for, and by the one name that it is not for. */
const certificates = new Map<string, { right: Certificate; wrong: Certificate }>();
beforeAll(async () => {
  ca = makePrivateCa();
  for (const name of NAMES) {
    certificates.set(name, { right: ca.issue(name), wrong: ca.issue(...NAMES.filter((other) => other !== name)) });
  }
  database = await startTestStorage();
});
afterAll(async () => {
  ca.remove();
  await database.stop();
});

/** What a server heard: where it was dialled, by which name over TLS, and the `Host` header. */
interface Heard {
  readonly dialled: string;
  readonly sni: string | false;
  readonly host: string | undefined;
}

interface World {
  readonly heard: Heard[];
  readonly client: FederationClient;
}

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const json =
  (body: unknown): Handler =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const version = json({ server: { name: 'other' } });

/** Somewhere to dial, as in `a.test:8448`, with what answers there. */
interface Place {
  readonly at: string;
  readonly certificate: Certificate;
  readonly handler?: Handler;
}

/** A world where each place is a TLS server of its own, and each name leads to this machine. */
async function world(places: readonly Place[], services: Record<string, ServiceRecord[]> = {}): Promise<World> {
  const heard: Heard[] = [];
  const ports = new Map<string, number>();
  for (const { at, certificate, handler = version } of places) {
    const { cert, key } = certificate;
    const server = createServer({ cert, key }, (request, response) => {
      const sni = (request.socket as TLSSocket & { servername: string | false }).servername;
      heard.push({ dialled: at, sni, host: request.headers.host });
      handler(request, response);
    });
    ports.set(at, await listen(server, at.startsWith('::1') ? '::1' : '127.0.0.1'));
  }
  const names = {
    addresses: async () => [{ address: '127.0.0.1', family: 4 }],
    services: async (name: string) => services[name] ?? [],
  };
  const http = new Rerouted(names, ports);
  opened.push(http);
  const config = { serverName: 'own.test', allowedDomains: null, deniedDomains: [] };
  const federation = new Federation(
    { ...config, trustedKeyServers: [], revokedKeys: [] },
    { storage: database.storage, signingKey: KEY, http, names, now: Date.now },
  );
  return { heard, client: new FederationClient(federation, http) };
}

/** Dials the free port that a place really has, and port 1, where nobody is, for all others. */
class Rerouted extends HttpOut {
  constructor(
    names: ConstructorParameters<typeof HttpOut>[0],
    private readonly ports: ReadonlyMap<string, number>,
  ) {
    super(names, { allowPrivateNetworks: true, caCertificates: [ca.ca] });
  }

  override send(request: OutgoingRequest) {
    const { target } = request;
    const port = this.ports.get(`${target.host}:${target.port}`) ?? 1;
    return super.send({ ...request, target: { ...target, port, hostHeader: target.hostHeader ?? target.host } });
  }
}

async function listen(server: Server, address: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  opened.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as AddressInfo).port;
}

const ask = ({ client }: World, name: string) => client.to(name, { untracked: true }).getVersion();
const right = (name: string) => certificates.get(name)!.right;
const delegating = (server: string): Place => ({
  at: 'a.test:443',
  certificate: right('a.test'),
  handler: json({ 'm.server': server }),
});
const records = (service: string, ...list: Partial<ServiceRecord>[]) => ({
  [service]: list.map((one) => ({ name: 'srv.test', port: 444, priority: 1, weight: 0, ...one })),
});
const FED = '_matrix-fed._tcp';
const OLD = '_matrix._tcp';

interface Row {
  readonly step: string;
  readonly name: string;
  /** The `m.server` of its well-known file. */
  readonly delegate?: string;
  readonly services?: Record<string, ServiceRecord[]>;
  readonly dials: string;
  readonly certificate: string;
  readonly host: string;
}

const IP = { certificate: '127.0.0.1' };
const IP6 = { certificate: '::1' };
const A = { name: 'a.test', certificate: 'a.test', host: 'a.test' };
const B = { name: 'a.test', delegate: 'b.test', certificate: 'b.test', host: 'b.test' };
const ROWS: readonly Row[] = [
  { step: '1', name: '127.0.0.1', dials: '127.0.0.1:8448', host: '127.0.0.1', ...IP },
  { step: '1, port', name: '127.0.0.1:80', dials: '127.0.0.1:80', host: '127.0.0.1:80', ...IP },
  { step: '1, IPv6', name: '[::1]', dials: '::1:8448', host: '[::1]', ...IP6 },
  { step: '1, IPv6 and port', name: '[::1]:99', dials: '::1:99', host: '[::1]:99', ...IP6 },
  { step: '2', ...A, name: 'a.test:1234', dials: 'a.test:1234', host: 'a.test:1234' },
  { step: '3.1', ...A, delegate: '127.0.0.1', dials: '127.0.0.1:8448', host: '127.0.0.1', ...IP },
  { step: '3.1, port', ...A, delegate: '127.0.0.1:80', dials: '127.0.0.1:80', host: '127.0.0.1:80', ...IP },
  { step: '3.1, IPv6', ...A, delegate: '[::1]', dials: '::1:8448', host: '[::1]', ...IP6 },
  { step: '3.1, IPv6 and port', ...A, delegate: '[::1]:99', dials: '::1:99', host: '[::1]:99', ...IP6 },
  { step: '3.2', ...B, delegate: 'b.test:1234', dials: 'b.test:1234', host: 'b.test:1234' },
  { step: '3.3', ...B, services: records(`${FED}.b.test`, {}), dials: 'srv.test:444' },
  { step: '3.4', ...B, services: records(`${OLD}.b.test`, {}), dials: 'srv.test:444' },
  { step: '3.5', ...B, dials: 'b.test:8448' },
  { step: '4', ...A, services: records(`${FED}.a.test`, {}), dials: 'srv.test:444' },
  { step: '5', ...A, services: records(`${OLD}.a.test`, {}), dials: 'srv.test:444' },
  { step: '6', ...A, dials: 'a.test:8448' },
];
const REACHABLE = ROWS.filter(({ dials }) => HAS_IPV6 || !dials.startsWith('::1'));

describe('a server is reached', () => {
  it.each(REACHABLE)('by step $step: $name leads to $dials', async (row) => {
    const { name, delegate, services, dials, certificate, host } = row;
    const places = delegate === undefined ? [] : [delegating(delegate)];
    const there = await world([...places, { at: dials, certificate: right(certificate) }], services);
    await ask(there, name);
    const sni = certificate.endsWith('.test') ? certificate : false;
    expect(there.heard.at(-1)).toEqual({ dialled: dials, sni, host });
  });

  it.each(REACHABLE)('by step $step only with a certificate for $certificate', async (row) => {
    const { name, delegate, services, dials, certificate } = row;
    const places = delegate === undefined ? [] : [delegating(delegate)];
    const { wrong } = certificates.get(certificate)!;
    const there = await world([...places, { at: dials, certificate: wrong }], services);
    await expect(ask(there, name)).rejects.toMatchObject({ cause: { problem: 'certificate' } });
    expect(there.heard.filter(({ dialled }) => dialled === dials)).toEqual([]);
  });

  it('by its own name when its well-known file is behind a wrong certificate', async () => {
    const { wrong } = certificates.get('a.test')!;
    const lying = { ...delegating('b.test:1234'), certificate: wrong };
    const there = await world([
      lying,
      { at: 'b.test:1234', certificate: right('b.test') },
      { at: 'a.test:8448', certificate: right('a.test') },
    ]);
    await ask(there, 'a.test');
    expect(there.heard.map(({ dialled }) => dialled)).toEqual(['a.test:8448']);
  });

  it('by a well-known file that lies elsewhere', async () => {
    const elsewhere = createServer({ cert: right('srv.test').cert, key: right('srv.test').key }, (request, response) =>
      json({ 'm.server': request.url === '/file' ? 'b.test:1234' : 'wrong.test:1' })(request, response),
    );
    const port = await listen(elsewhere, '127.0.0.1');
    const moved: Handler = (_, response) =>
      response.writeHead(301, { location: `https://srv.test:${port}/file` }).end();
    const there = await world([
      { ...delegating(''), handler: moved },
      { at: 'b.test:1234', certificate: right('b.test') },
    ]);
    await ask(there, 'a.test');
    expect(there.heard.at(-1)).toEqual({ dialled: 'b.test:1234', sni: 'b.test', host: 'b.test:1234' });
  });

  it.each<[string, Handler]>([
    [
      'redirects in a circle',
      (_, response) => response.writeHead(302, { location: '/.well-known/matrix/server' }).end(),
    ],
    ['never ends', (_, response) => fill(response)],
    ['is an error', (_, response) => response.writeHead(500).end('{"m.server":"b.test:1234"}')],
  ])('at port 8448 when its well-known file %s', async (_, handler) => {
    const there = await world([
      { ...delegating(''), handler },
      { at: 'a.test:8448', certificate: right('a.test') },
      { at: 'b.test:1234', certificate: right('b.test') },
    ]);
    await ask(there, 'a.test');
    expect(there.heard.at(-1)).toEqual({ dialled: 'a.test:8448', sni: 'a.test', host: 'a.test' });
  });
});

function fill(response: ServerResponse): void {
  if (!response.destroyed) response.write(' '.repeat(65_536), () => setImmediate(fill, response));
}

describe('of several places of one server', () => {
  const two = records(`${FED}.a.test`, { name: 'first.test', priority: 1 }, { name: 'second.test', priority: 2 });
  const events = { path: { roomId: '!r:a.test' }, body: { earliest_events: [], latest_events: [], limit: 1 } };

  it.each([
    ['refuses connections', 'nowhere.test:1'],
    ['has the certificate of another', 'first.test:444'],
  ])('the second is asked when the first %s', async (_, at) => {
    const { wrong } = certificates.get('a.test')!;
    const places = [
      { at, certificate: wrong },
      { at: 'second.test:444', certificate: right('a.test') },
    ];
    const there = await world(places, two);
    await ask(there, 'a.test');
    expect(there.heard.map(({ dialled }) => dialled)).toEqual(['second.test:444']);
  });

  it('the second is not asked what the first has heard', async () => {
    const hangsUp: Handler = (request) => request.socket.destroy();
    const there = await world(
      [
        { at: 'first.test:444', certificate: right('a.test'), handler: hangsUp },
        { at: 'second.test:444', certificate: right('a.test') },
      ],
      two,
    );
    const asked = there.client.to('a.test', { untracked: true }).getMissingPreviousEvents(events);
    await expect(asked).rejects.toMatchObject({ cause: { problem: 'connection', unsent: false } });
    expect(there.heard.map(({ dialled }) => dialled)).toEqual(['first.test:444']);
  });

  it('none is asked when the domain says that it has no such service', async () => {
    const none = records(`${FED}.a.test`, { name: '.' });
    const there = await world([{ at: 'a.test:8448', certificate: right('a.test') }], none);
    await expect(ask(there, 'a.test')).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
    expect(there.heard).toEqual([]);
  });
});
