import type { JsonObject } from '#kernel/json';
import { readKeyDocument, signJson, SigningKey } from '#protocol/signing/index';
import { DAY, oldKeys, OWN, startFederationRig, type FederationRig, type Stranger } from './rig';

let rig: FederationRig;
let alpha: Stranger;
const begin = async (config: Parameters<typeof startFederationRig>[0] = {}) => {
  rig = await startFederationRig(config);
  alpha = rig.stranger('alpha.test');
};
afterEach(() => rig.stop());

const CLIENT = '192.0.2.1';
const keyOf = async (serverName: string, keyId: string, at: number | null, { keys } = rig.federation) => {
  const wanted = { serverName, keyId, at };
  return (await keys.find([wanted], CLIENT))(wanted);
};
const found = async (at: number | null, keyId = alpha.key.keyId, federation = rig.federation) =>
  (await keyOf('alpha.test', keyId, at, federation)) !== undefined;

describe("another server's key", () => {
  it('is fetched, kept, and known after a restart', async () => {
    await begin();
    expect(await found(rig.clock.now)).toBe(true);
    alpha.reachable = false;
    expect(await found(rig.clock.now, undefined, await rig.reopen())).toBe(true);
    expect(alpha.asked).toBe(1);
  });

  it('counts for events up to its time, and where time does not matter always', async () => {
    await begin();
    await found(rig.clock.now);
    alpha.reachable = false;
    expect(await found(rig.clock.now - 900 * DAY)).toBe(true);
    expect(await found(alpha.validUntilTs)).toBe(true);
    expect(await found(alpha.validUntilTs + 1)).toBe(false);
    expect(await found(null)).toBe(true);
  });

  it('is believed for seven days at most, whatever it says', async () => {
    await begin();
    alpha.validUntilTs = rig.clock.now + 900 * DAY;
    expect(await found(rig.clock.now + 7 * DAY)).toBe(true);
    expect(await found(rig.clock.now + 7 * DAY + 1)).toBe(false);
  });

  it('that was given up counts for the events of its day only', async () => {
    await begin();
    const old = SigningKey.fromSeed('ed25519:old', Buffer.alloc(32, 99));
    alpha.old = { 'ed25519:old': { key: old.publicKey, expired_ts: rig.clock.now - DAY } };
    expect(await found(rig.clock.now - DAY, 'ed25519:old')).toBe(true);
    expect(await found(rig.clock.now - DAY + 1, 'ed25519:old')).toBe(false);
  });

  it('that is to be given up in a year is believed for seven days at most', async () => {
    await begin();
    const old = SigningKey.fromSeed('ed25519:old', Buffer.alloc(32, 99));
    alpha.old = { 'ed25519:old': { key: old.publicKey, expired_ts: rig.clock.now + 365 * DAY } };
    alpha.validUntilTs = rig.clock.now + 365 * DAY;
    expect(await found(rig.clock.now + 7 * DAY, 'ed25519:old')).toBe(true);
    expect(await found(rig.clock.now + 7 * DAY + 1, 'ed25519:old')).toBe(false);
  });

  it('is not taken from a document of outrageous size', async () => {
    await begin();
    alpha.old = oldKeys(1_000);
    expect(await found(0)).toBe(false);
  });

  it('is looked for once by many, and not again at once when it is not there', async () => {
    await begin();
    await Promise.all([found(0), found(0), found(0, 'ed25519:invented'), found(0, 'ed25519:invented2')]);
    await found(0, 'ed25519:invented3');
    expect(alpha.asked).toBe(1);
  });

  it('of a server that does not answer is asked for less and less', async () => {
    await begin();
    alpha.reachable = false;
    for (let second = 0; second < 100; second++) {
      await found(0);
      rig.clock.now += 1_000;
    }
    expect(alpha.asked).toBe(4);
  });

  it('of a server that comes back with another one is known ten minutes later at most', async () => {
    await begin();
    alpha.reachable = false;
    for (let minute = 0; minute < 24 * 60; minute++) {
      await found(0);
      rig.clock.now += 60_000;
    }
    alpha.reachable = true;
    alpha.validUntilTs = rig.clock.now + DAY;
    rig.clock.now += 9 * 60_000;
    expect(await found(rig.clock.now)).toBe(true);
  });

  it('is not taken from a document that the server did not sign', async () => {
    await begin();
    const forger = SigningKey.fromSeed(alpha.key.keyId, Buffer.alloc(32, 77));
    alpha.document = () => signJson({ ...alphaDocument(forger.publicKey) }, 'alpha.test', alpha.key);
    expect(await found(0)).toBe(false);
  });

  it('is not taken from a document about another server', async () => {
    await begin();
    const beta = rig.stranger('beta.test');
    alpha.document = () => beta.document();
    expect(await found(0, beta.key.keyId)).toBe(false);
  });
  it('does not count once it is known to strangers (row 44)', async () => {
    const leaked = SigningKey.fromSeed('ed25519:k1', Buffer.alloc(32, 1)).publicKey;
    await begin({ revokedKeys: [`${leaked}=`] });
    expect(alpha.key.publicKey).toBe(leaked);
    expect(await found(0)).toBe(false);
    expect(await found(null)).toBe(false);
  });

  it('of a denied server is not asked for (row 46)', async () => {
    await begin({ deniedDomains: ['alpha.test'] });
    expect(await found(0)).toBe(false);
    expect(alpha.asked).toBe(0);
  });
});
describe('keys are fetched in fair turns (row 46)', () => {
  /** Of how many servers one client may wait at a time. */
  const TURNS = 32;
  /** A client that waits for the keys of many servers, none of which answers. */
  async function hog(client: string, servers: number, more: readonly string[] = []) {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const names = Array.from({ length: servers }, (_, index) => `slow${index}.test`);
    for (const name of names) rig.stranger(name).gate = gate;
    const wanted = [...names, ...more].map((serverName) => ({ serverName, keyId: alpha.key.keyId, at: 0 }));
    const waiting = rig.federation.keys.find(wanted, client);
    // Nobody is asked before the database has said which keys are known.
    while (beingAsked().length < TURNS) await new Promise((resolve) => setImmediate(resolve));
    return { waiting, release };
  }
  const beingAsked = () => [...rig.strangers.values()].filter(({ asked }) => asked > 0);

  it('so that nobody waits for the many servers that somebody else asks for', async () => {
    await begin();
    const { waiting, release } = await hog('203.0.113.1', 200);
    expect(beingAsked()).toHaveLength(TURNS);
    expect(await found(0)).toBe(true);
    release();
    await waiting;
  });

  it('so that nobody keeps a server from being asked by standing in line for it', async () => {
    await begin();
    const { waiting, release } = await hog('203.0.113.1', 200, ['alpha.test']);
    expect(alpha.asked).toBe(0);
    expect(await found(0)).toBe(true);
    release();
    await waiting;
    expect(alpha.asked).toBe(1);
  });
});

const alphaDocument = (publicKey: string): JsonObject => ({
  server_name: 'alpha.test',
  verify_keys: { [alpha.key.keyId]: { key: publicKey } },
  valid_until_ts: rig.clock.now + DAY,
});

describe("this server's keys", () => {
  it('are published with those it gave up, and when', async () => {
    await begin();
    rig.clock.now += DAY;
    const rotated = await rig.reopen(201);
    const document = readKeyDocument(rotated.ownKeys.publish(), OWN)!;
    expect([...document.verifyKeys.keys()]).toEqual(['ed25519:own201']);
    expect(document.oldVerifyKeys.get('ed25519:own200')?.expiredTs).toBe(rig.clock.now);
    rig.clock.now += DAY;
    const later = readKeyDocument((await rig.reopen(201)).ownKeys.publish(), OWN)!;
    expect(later.oldVerifyKeys.get('ed25519:own200')?.expiredTs).toBe(rig.clock.now - DAY);
  });

  it('are found for its own events, of their day', async () => {
    await begin();
    rig.clock.now += DAY;
    const rotated = await rig.reopen(201);
    expect(await keyOf(OWN, 'ed25519:own201', rig.clock.now, rotated)).toBeDefined();
    expect(await keyOf(OWN, 'ed25519:own200', rig.clock.now, rotated)).toBeDefined();
    expect(await keyOf(OWN, 'ed25519:own200', rig.clock.now + 1, rotated)).toBeUndefined();
  });

  it('are signed anew only now and then, and always valid for a good while', async () => {
    await begin();
    const first = rig.federation.ownKeys.publish();
    expect(rig.federation.ownKeys.publish()).toBe(first);
    rig.clock.now += 2 * 3_600_000;
    expect(rig.federation.ownKeys.publish().valid_until_ts).toBe(rig.clock.now + DAY);
  });
});
