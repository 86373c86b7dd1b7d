import type { JsonObject } from '#kernel/json';
import { printRequestSignature, requestText } from '#protocol/signing/index';
import { DAY, OWN, startFederationRig, type FederationRig, type Stranger } from './rig';

let rig: FederationRig;
let alpha: Stranger;
beforeEach(async () => {
  rig = await startFederationRig({ deniedDomains: ['denied.test'] });
  alpha = rig.stranger('alpha.test');
});
afterEach(() => rig.stop());

const CONTENT: JsonObject = { pdus: [], origin: 'alpha.test' };
const REQUEST = { method: 'PUT', uri: '/send?x=1', content: CONTENT, client: '192.0.2.1' };

interface Changes {
  readonly by?: Stranger;
  readonly origin?: string;
  readonly destination?: string | undefined;
  readonly keyId?: string;
  readonly uri?: string;
}

/** The header that a server sends with `PUT /send?x=1`. */
function header({ by = alpha, ...changes }: Changes = {}): string {
  const { origin, destination, uri, keyId } = {
    origin: by.serverName,
    destination: OWN,
    keyId: by.key.keyId,
    uri: '/send?x=1',
    ...changes,
  };
  const signature = by.key.sign(requestText({ method: 'PUT', uri, origin, destination, content: CONTENT }));
  return printRequestSignature({ origin, destination, keyId, signature });
}

const ask = (...signatures: string[]) => rig.federation.requests.authenticate({ ...REQUEST, signatures });
const unauthorized = { errcode: 'M_UNAUTHORIZED' };

describe('a signed request', () => {
  it('is known by its signature, and the key is fetched once', async () => {
    expect(await ask(header())).toEqual({ origin: 'alpha.test' });
    expect(await ask(header())).toEqual({ origin: 'alpha.test' });
    expect(alpha.asked).toBe(1);
  });

  it('of an older server may lack the destination', async () => {
    expect(await ask(header({ destination: undefined }))).toEqual({ origin: 'alpha.test' });
  });

  it('counts when one of its headers holds', async () => {
    const unknown = header({ keyId: 'ed25519:other' });
    expect(await ask(unknown, header())).toEqual({ origin: 'alpha.test' });
  });

  it('that we send is known by the server it is for', async () => {
    const signed = { method: 'GET', uri: '/x?y=%20', destination: 'alpha.test', content: undefined };
    expect(rig.federation.requests.sign(signed)).toMatch(
      /^X-Matrix origin="own\.test",destination="alpha\.test",key="ed25519:own200",sig="[A-Za-z0-9+/]{86}"$/,
    );
  });
  it('is refused when it was signed for another server (row 11)', async () => {
    await expect(ask(header({ destination: 'other.test' }))).rejects.toMatchObject(unauthorized);
  });

  it('is refused when path, query, method or body are not those that were signed (row 11)', async () => {
    await expect(ask(header({ uri: '/send?x=2' }))).rejects.toMatchObject(unauthorized);
    const { requests } = rig.federation;
    const signed = { ...REQUEST, signatures: [header()] };
    await expect(requests.authenticate({ ...signed, method: 'POST' })).rejects.toMatchObject(unauthorized);
    await expect(requests.authenticate({ ...signed, content: {} })).rejects.toMatchObject(unauthorized);
    await expect(requests.authenticate({ ...signed, content: undefined })).rejects.toMatchObject(unauthorized);
  });

  it("is refused when another server's key signed it", async () => {
    const beta = rig.stranger('beta.test');
    await expect(ask(header({ by: beta, origin: 'alpha.test' }))).rejects.toMatchObject(unauthorized);
    const claimed = header({ by: beta, origin: 'alpha.test', keyId: alpha.key.keyId });
    await expect(ask(claimed)).rejects.toMatchObject(unauthorized);
  });

  it('is refused when its headers speak of two servers (row 11)', async () => {
    const beta = rig.stranger('beta.test');
    await expect(ask(header(), header({ by: beta }))).rejects.toMatchObject(unauthorized);
  });

  it('is refused when it claims to come from here (row 11)', async () => {
    await expect(ask(header({ origin: OWN }))).rejects.toMatchObject(unauthorized);
  });

  it.each([[[]], [['X-Matrix nonsense']], [['Bearer token']]])('is refused with the headers %j', async (headers) => {
    await expect(ask(...headers)).rejects.toMatchObject(unauthorized);
  });

  it('is refused from denied servers and from what is no server, which are not asked anything', async () => {
    const denied = rig.stranger('denied.test');
    await expect(ask(header({ by: denied }))).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    await expect(ask(header({ origin: 'alpha.test/path' }))).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(denied.asked).toBe(0);
  });
  it('is refused by a key whose time is over, unless the server says that it goes on (row 50)', async () => {
    await ask(header());
    rig.clock.now += DAY + 1;
    await expect(ask(header())).rejects.toMatchObject(unauthorized);
    alpha.validUntilTs = rig.clock.now + DAY;
    rig.clock.now += 60_000;
    expect(await ask(header())).toEqual({ origin: 'alpha.test' });
  });

  it('is refused by a key that the server has given up (row 50)', async () => {
    const stale = alpha.key;
    const signedBefore = header();
    alpha.key = rig.stranger('spare.test').key;
    alpha.old = { [stale.keyId]: { key: stale.publicKey, expired_ts: rig.clock.now + 1_000 } };
    await expect(ask(signedBefore)).rejects.toMatchObject(unauthorized);
    expect(await ask(header())).toEqual({ origin: 'alpha.test' });
  });

  it('shows that its server is well again', async () => {
    await rig.federation.destinations.failed('alpha.test');
    await ask(header());
    expect(await rig.federation.destinations.retryAt('alpha.test')).toBeUndefined();
  });
});
