import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { signedGet } from '../support/signed-request';

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

  it('does not pass unsigned, for another server, or over another path', async () => {
    const unauthorized = [401, 'M_UNAUTHORIZED'];
    expect(await ask({})).toEqual(unauthorized);
    expect(await ask({ authorization: 'Bearer token' })).toEqual(unauthorized);
    expect(await ask(signedBy(alpha, { destination: alpha.serverName }))).toEqual(unauthorized);
    expect(await ask(signedBy(alpha, { uri: `${PATH}?x=1` }))).toEqual(unauthorized);
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
