import type { JsonObject } from '#kernel/json';
import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { signedGet, signedRequest } from '../support/signed-request';

let federation: TestFederation;
let alpha: FederatedServer;
let beta: FederatedServer;
let gamma: FederatedServer;
beforeAll(async () => {
  federation = startTestFederation();
  [alpha, gamma] = await Promise.all([federation.start(), federation.start()]);
  beta = await federation.start({
    TRELLIS_FEDERATION__DOMAIN_DENY_LIST: JSON.stringify([gamma.serverName]),
    TRELLIS_PUBLIC_BASE_URL: 'https://matrix.test.example',
  });
});
afterAll(() => federation.stop());

const PATH = '/_matrix/federation/v1/event/%24unknown';

/** The header by which a server signs `GET PATH`. */
const signedBy = (server: FederatedServer, { destination = beta.serverName, uri = PATH } = {}) =>
  signedGet(server, destination, uri);

const ask = async (headers: Record<string, string>) => {
  const { status, body } = await beta.request('GET', PATH, undefined, headers);
  return [status, body['errcode']];
};

describe('a request between two servers', () => {
  it('passes when it is signed, by a key that is fetched over TLS', async () => {
    const [status, errcode] = await ask(signedBy(alpha));
    expect(status).toBe(404);
    expect(['M_NOT_FOUND', 'M_UNRECOGNIZED']).toContain(errcode);
  });

  it('does not pass unsigned, for another server, or over another path (row 11)', async () => {
    const unauthorized = [401, 'M_UNAUTHORIZED'];
    expect(await ask({})).toEqual(unauthorized);
    expect(await ask({ authorization: 'Bearer token' })).toEqual(unauthorized);
    expect(await ask(signedBy(alpha, { destination: alpha.serverName }))).toEqual(unauthorized);
    expect(await ask(signedBy(alpha, { uri: `${PATH}?x=1` }))).toEqual(unauthorized);
  });

  it.each([
    ['the path as it was sent, escapes and all', '/_matrix/federation/v1/event/$unknown'],
    ['escapes in small letters', '/_matrix/federation/v1/event/%24%c3%b6'],
    ['a query in its own order', `${PATH}?b=%20+&a=1&b=`],
  ])('is signed over %s', async (_, uri) => {
    const { status } = await beta.request('GET', uri, undefined, signedBy(alpha, { uri }));
    expect(status).not.toBe(401);
  });

  it('may be signed in any way that RFC 9110 lets one write it', async () => {
    const written = signedBy(alpha).authorization;
    const bare = written.replace(/"/g, '');
    const spread = written.replace(/,/g, ' ,\t').replace('X-Matrix ', 'x-matrix   ');
    const capital = written.replace('origin', 'Origin').replace('sig', 'SIG');
    for (const authorization of [written, bare, spread, capital, `${written},extra="a, b"`]) {
      expect((await ask({ authorization }))[0]).toBe(404);
    }
  });

  it('passes with the body that was signed, in whatever way it is printed, and with no other', async () => {
    const uri = '/_matrix/federation/v1/send/txn1';
    const content = { origin: alpha.serverName, origin_server_ts: Date.now(), pdus: [], edus: [] };
    const put = (signed: JsonObject | undefined, body: JsonObject | undefined) => {
      const request = { method: 'PUT', uri, destination: beta.serverName, content: signed };
      return beta.request('PUT', uri, body, signedRequest(alpha, request));
    };
    const reordered = Object.fromEntries(Object.entries(content).reverse());
    expect((await put(content, reordered)).status).toBe(200);
    expect((await put(content, { ...content, origin_server_ts: 1 })).status).toBe(401);
    expect((await put(undefined, content)).status).toBe(401);
    expect((await put(content, undefined)).status).toBe(401);
    expect((await put({}, undefined)).status).toBe(401);
    // Signed well, but no transaction.
    expect((await put(undefined, undefined)).status).toBe(400);
    expect((await put({}, {})).status).toBe(400);
  });

  it('does not pass from a denied server', async () => {
    expect(await ask(signedBy(gamma))).toEqual([403, 'M_FORBIDDEN']);
  });
});

describe('the well-known file', () => {
  it('names the server where public_base_url says that it is', async () => {
    const { body } = await beta.get('/.well-known/matrix/server');
    expect(body).toEqual({ 'm.server': 'matrix.test.example:443' });
  });
});
