import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '#kernel/json';
import { FederationDoctor, type FederationDoctorParts } from '#main/commands/federation-doctor';
import { makeConfig, type ConfigInput } from '#main/config/index';
import { HttpOut, type OutgoingRequest } from '#platform/http-out/http-out';
import type { ServiceRecord } from '#platform/http-out/names';
import { signJson, SigningKey } from '#protocol/signing/index';
import { makePrivateCa, type Certificate, type PrivateCa } from '../../../support/private-ca';

const KEY = SigningKey.fromSeed('ed25519:ours', Buffer.alloc(32, 5));
const OTHER = SigningKey.fromSeed('ed25519:theirs', Buffer.alloc(32, 6));
const NOW = Date.parse('2026-01-01T12:00:00Z');
const HOUR = 3_600_000;

let ca: PrivateCa;
const certificates = new Map<string, Certificate>();
beforeAll(() => {
  ca = makePrivateCa();
  for (const name of ['a.test', 'b.test', 'notary.test']) certificates.set(name, ca.issue(name));
  certificates.set('expired', ca.issueExpired('a.test'));
});
afterAll(() => ca.remove());

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

const keys = (key = KEY, serverName = 'a.test', validUntilTs = NOW + HOUR): JsonObject => {
  const verifyKeys = { [key.keyId]: { key: key.publicKey } };
  const document = { server_name: serverName, verify_keys: verifyKeys, valid_until_ts: validUntilTs };
  return signJson(document, serverName, key);
};

/** What answers at a place such as `a.test:8448`. */
interface Place {
  readonly certificate?: string;
  readonly answer?: JsonObject | string;
  readonly status?: number;
  /** How far its clock is ahead. */
  readonly aheadMs?: number;
}

interface World {
  readonly places: Readonly<Record<string, Place>>;
  readonly services?: Readonly<Record<string, readonly ServiceRecord[]>>;
  readonly config?: ConfigInput['federation'];
  readonly serverName?: string;
}

/** Looks at a.test in a world where each place is a TLS server of its own; what is found, a line each. */
async function look({ places, services = {}, config = {}, serverName = 'a.test' }: World): Promise<string[]> {
  const ports = new Map<string, number>();
  for (const [at, place] of Object.entries(places)) ports.set(at, await serve(at, place));
  const names = {
    addresses: async () => [{ address: '127.0.0.1', family: 4 }],
    services: async (name: string) => services[name] ?? [],
  };
  const http = new HttpOut(names, { allowPrivateNetworks: true, caCertificates: [ca.ca] });
  opened.push(() => http.close());
  // Dials the free port that a place really has, and port 1, where nobody is, for all others.
  const fetch = (request: OutgoingRequest) => {
    const { target } = request;
    const port = ports.get(`${target.host}:${target.port}`) ?? 1;
    return http.fetch({ ...request, target: { ...target, port, hostHeader: target.hostHeader ?? target.host } });
  };
  const federation = { allow_private_networks: true, ...config };
  const parts: FederationDoctorParts = {
    config: makeConfig({ server_name: serverName, federation }),
    signingKey: KEY,
    http: { fetch },
    names,
    now: () => NOW,
  };
  const found = await new FederationDoctor(parts).examine();
  return found.map(({ level, name, text }) => `${level} ${name}: ${text}`);
}

async function serve(at: string, place: Place): Promise<number> {
  const { cert, key } = certificates.get(place.certificate ?? at.split(':')[0]!)!;
  const { answer = keys(), status = 200, aheadMs = 0 } = place;
  const listener: RequestListener = (_, response) => {
    const headers = { 'content-type': 'application/json', date: new Date(NOW + aheadMs).toUTCString() };
    response.writeHead(status, headers).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  };
  const server = createServer({ cert, key }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const delegating = (to: string): Place => ({ answer: { 'm.server': to } });
const problemsOf = async (world: World) => (await look(world)).filter((line) => !line.startsWith('ok '));

describe('what other servers find', () => {
  it('is said step by step when everything is right', async () => {
    expect(await look({ places: { 'a.test:8448': {} } })).toEqual([
      'ok discovery: a.test leads to a.test:8448',
      'ok reachable: a.test:8448 answers, with a certificate that is good for a.test',
      'ok keys: a.test:8448 publishes ed25519:ours, signed with signing_key',
      'ok clock: the same as that of a.test:8448',
    ]);
  });

  it('is found by a well-known file and by SRV records', async () => {
    const places = { 'a.test:443': delegating('b.test'), 'srv.test:444': { certificate: 'b.test' } };
    const services = { '_matrix-fed._tcp.b.test': [{ name: 'srv.test', port: 444, priority: 1, weight: 0 }] };
    const [way, reachable] = await look({ places, services });
    expect(way).toBe(
      'ok discovery: a.test leads to srv.test:444 ' +
        '(https://a.test/.well-known/matrix/server names b.test, SRV records of b.test)',
    );
    expect(reachable).toBe('ok reachable: srv.test:444 answers, with a certificate that is good for b.test');
  });

  it('is nobody where no server listens', async () => {
    const [problem, ...more] = await problemsOf({ places: {} });
    expect(problem).toMatch(/^PROBLEM reachable: a\.test:8448: no server answers; .* is port 8448 open/);
    expect(more).toEqual(['warning clock: nobody answered whose clock could be compared']);
  });

  it.each([
    ['of another name', 'b.test'],
    ['that is over', 'expired'],
  ])('is not believed with a certificate %s', async (_, certificate) => {
    const [problem] = await problemsOf({ places: { 'a.test:8448': { certificate } } });
    expect(problem).toMatch(/^PROBLEM reachable: a\.test:8448: the certificate is not good for a\.test \(.+\)$/);
  });

  it('is not where the configuration says, when the well-known file is missing or names another place', async () => {
    const config = { delegated_server_name: 'b.test:443' };
    const [missing] = await problemsOf({ places: { 'a.test:8448': {} }, config });
    expect(missing).toBe(
      'PROBLEM discovery: https://a.test/.well-known/matrix/server names no server, ' +
        'but federation.delegated_server_name is b.test:443; it must answer {"m.server":"b.test:443"}',
    );
    const places = { 'a.test:443': delegating('a.test:8448'), 'a.test:8448': {} };
    const [other] = await problemsOf({ places, config });
    expect(other).toContain('names a.test:8448, but federation.delegated_server_name is b.test:443');
  });

  it('is not looked for by a well-known file when the name has a port', async () => {
    const config = { delegated_server_name: 'b.test:443' };
    const serverName = 'a.test:8448';
    const places = { 'a.test:8448': { answer: keys(KEY, serverName) } };
    expect(await problemsOf({ places, config, serverName })).toEqual([
      expect.stringContaining('warning discovery: federation.delegated_server_name has no effect') as string,
    ]);
  });

  it('is a domain that says it has no such server', async () => {
    const services = { '_matrix-fed._tcp.a.test': [{ name: '.', port: 0, priority: 0, weight: 0 }] };
    const [problem] = await problemsOf({ places: {}, services });
    expect(problem).toBe('PROBLEM discovery: the SRV records of a.test say that no Matrix server is there');
  });

  it('is a proxy that does not pass the keys on', async () => {
    const problems = await problemsOf({ places: { 'a.test:8448': { status: 404, answer: '<html>' } } });
    expect(problems).toEqual([
      expect.stringMatching(/^PROBLEM keys: a\.test:8448 answers .* with status 404: .* proxy/) as string,
    ]);
    const [text] = await problemsOf({ places: { 'a.test:8448': { answer: 'Welcome' } } });
    expect(text).toContain('with no JSON');
  });

  it('is another server, another key, or keys whose time is over', async () => {
    const found = async (answer: JsonObject) => (await problemsOf({ places: { 'a.test:8448': { answer } } })).join();
    expect(await found(keys(OTHER, 'b.test'))).toMatch(/^PROBLEM keys: .* no keys that are signed by a\.test/);
    expect(await found({ ...keys(), valid_until_ts: NOW + 1 })).toMatch(/no keys that are signed by a\.test/);
    expect(await found(keys(OTHER))).toMatch(/signs with ed25519:theirs, which is not the ed25519:ours of signing_key/);
    expect(await found(keys(KEY, 'a.test', NOW - 1))).toMatch(/keys whose time is over/);
  });

  it('is a public address, unless private ones are wanted', async () => {
    const config = { allow_private_networks: false };
    const problems = await problemsOf({ places: { 'a.test:8448': {} }, config });
    expect(problems).toEqual([
      expect.stringMatching(/^warning reachable: .* leads to 127\.0\.0\.1 as seen from here/) as string,
    ]);
  });

  it('is nothing when federation is off or the server has no name of its own', async () => {
    expect(await look({ places: {}, config: { enabled: false } })).toEqual([
      'ok federation: switched off (federation.enabled)',
    ]);
    expect(await look({ places: {}, serverName: 'localhost' })).toHaveLength(1);
  });
});

describe('trusted key servers are asked', () => {
  const config = { trusted_key_servers: ['notary.test'] };
  const seen = async (notary: Place | undefined) => {
    const places = { 'a.test:8448': {}, ...(notary && { 'notary.test:8448': notary }) };
    return (await look({ places, config })).find((line) => line.includes('seen by notary.test'));
  };

  it('what they see of this server', async () => {
    expect(await seen({ answer: { server_keys: [keys()] } })).toBe(
      'ok seen by notary.test: it has our key ed25519:ours',
    );
    expect(await seen({ answer: { server_keys: [] } })).toMatch(/^PROBLEM .* it does not find us/);
    expect(await seen({ answer: { server_keys: [keys(OTHER)] } })).toMatch(/^PROBLEM .* it knows only other keys/);
    expect(await seen(undefined)).toMatch(/^warning .* it does not answer/);
  });

  it.each([
    [-3 * HOUR, '10800 s ahead of that of notary.test'],
    [3 * HOUR, '10800 s behind that of notary.test'],
  ])('what time it is: %d ms off is a problem', async (aheadMs, text) => {
    const notary = { aheadMs, answer: { server_keys: [keys()] } };
    const places = { 'a.test:8448': {}, 'notary.test:8448': notary };
    expect(await problemsOf({ places, config })).toEqual([expect.stringContaining(`PROBLEM clock: ${text}`) as string]);
  });
});
