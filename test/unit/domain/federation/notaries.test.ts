import type { JsonObject } from '#kernel/json';
import { readKeyDocument, signJson, SigningKey, verifyJson, VerifyKey } from '#protocol/signing/index';
import type { WantedKeys } from '#domain/federation';
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

const alphaDocument = (publicKey: string): JsonObject => ({
  server_name: 'alpha.test',
  verify_keys: { [alpha.key.keyId]: { key: publicKey } },
  valid_until_ts: rig.clock.now + DAY,
});

describe('notaries', () => {
  it('give the keys of servers that are gone', async () => {
    await begin({ trustedKeyServers: ['notary.test'] });
    const notary = rig.stranger('notary.test');
    alpha.reachable = false;
    rig.vouched.set('notary.test', () => [signJson(alpha.document(), 'notary.test', notary.key)]);
    expect(await found(rig.clock.now)).toBe(true);
  });

  it('are not believed without their own signature, nor without that of the server', async () => {
    await begin({ trustedKeyServers: ['notary.test'] });
    const notary = rig.stranger('notary.test');
    alpha.reachable = false;
    const unsigned = alphaDocument(notary.key.publicKey);
    rig.vouched.set('notary.test', () => [alpha.document(), signJson(unsigned, 'notary.test', notary.key)]);
    expect(await found(0)).toBe(false);
  });

  it('are not believed about a key that they give differently', async () => {
    await begin({ trustedKeyServers: ['one.test', 'two.test'] });
    const [one, two] = [rig.stranger('one.test'), rig.stranger('two.test')];
    const forger = SigningKey.fromSeed(alpha.key.keyId, Buffer.alloc(32, 88));
    alpha.reachable = false;
    const forged = () => signJson(alphaDocument(forger.publicKey), 'alpha.test', forger);
    rig.vouched.set('one.test', () => [signJson(alpha.document(), 'one.test', one.key)]);
    rig.vouched.set('two.test', () => [signJson(forged(), 'two.test', two.key)]);
    expect(await found(0)).toBe(false);
  });

  it('put no other key in the place of one that its server gave (row 11)', async () => {
    await begin({ trustedKeyServers: ['notary.test'] });
    const notary = rig.stranger('notary.test');
    const then = rig.clock.now;
    expect(await found(then)).toBe(true);
    const forger = SigningKey.fromSeed(alpha.key.keyId, Buffer.alloc(32, 88));
    const forged = () => ({ ...alphaDocument(forger.publicKey), valid_until_ts: then + 9 * DAY });
    rig.vouched.set('notary.test', () => [
      signJson(signJson(forged(), 'alpha.test', forger), 'notary.test', notary.key),
    ]);
    alpha.reachable = false;
    rig.clock.now += 2 * DAY;
    notary.validUntilTs = rig.clock.now + DAY;
    expect(await found(rig.clock.now)).toBe(false);
    const kept = await keyOf('alpha.test', alpha.key.keyId, then, await rig.reopen());
    expect(kept?.verify('text', alpha.key.sign('text'))).toBe(true);
  });

  it('are all asked, so that one of them suffices', async () => {
    await begin({ trustedKeyServers: ['gone.test', 'one.test', 'two.test'] });
    const two = rig.stranger('two.test');
    alpha.reachable = false;
    rig.vouched.set('one.test', () => []);
    rig.vouched.set('two.test', () => [signJson(alpha.document(), 'two.test', two.key)]);
    expect(await found(rig.clock.now)).toBe(true);
    expect(rig.queries).toHaveLength(3);
  });

  it('that do not answer are left alone for a while, so that nobody waits for them again and again', async () => {
    await begin({ trustedKeyServers: ['gone.test', 'one.test'] });
    rig.vouched.set('gone.test', () => {
      throw new Error('no answer');
    });
    const asked = async (serverName: string) => {
      const before = rig.queries.length;
      await keyOf(serverName, 'ed25519:k', rig.clock.now);
      return rig.queries.length - before;
    };
    expect([await asked('b.test'), await asked('c.test'), await asked('d.test')]).toEqual([2, 1, 1]);
    rig.clock.now += 10_000;
    expect([await asked('e.test'), await asked('f.test')]).toEqual([2, 1]);
    rig.clock.now += 20_000;
    rig.vouched.delete('gone.test');
    expect([await asked('g.test'), await asked('h.test')]).toEqual([2, 2]);
  });

  it('are asked for a key that is valid at the time of the event', async () => {
    await begin({ trustedKeyServers: ['notary.test'] });
    alpha.reachable = false;
    await found(rig.clock.now - DAY);
    const criteria = { minimum_valid_until_ts: rig.clock.now - DAY };
    expect(rig.queries).toEqual([{ 'alpha.test': { [alpha.key.keyId]: criteria } }]);
  });

  it('give the keys that their server has forgotten, and are not asked for others', async () => {
    await begin({ trustedKeyServers: ['notary.test'] });
    const notary = rig.stranger('notary.test');
    const before = alpha.key;
    const forgotten = signJson(alpha.document(), 'notary.test', notary.key);
    rig.vouched.set('notary.test', () => [forgotten]);
    alpha.key = SigningKey.fromSeed('ed25519:next', Buffer.alloc(32, 98));
    expect(await found(rig.clock.now)).toBe(true);
    expect(rig.queries).toEqual([]);
    rig.clock.now += 60_000;
    expect(await found(rig.clock.now, before.keyId)).toBe(true);
    expect(rig.queries).toHaveLength(1);
  });

  it('do not bring back a key that was given up, whichever of their documents comes first', async () => {
    await begin({ trustedKeyServers: ['notary.test'] });
    const notary = rig.stranger('notary.test');
    const vouch = (document: JsonObject) => signJson(document, 'notary.test', notary.key);
    const before = alpha.key;
    const stale = vouch(alpha.document());
    alpha.key = SigningKey.fromSeed('ed25519:next', Buffer.alloc(32, 98));
    alpha.old = { [before.keyId]: { key: before.publicKey, expired_ts: rig.clock.now } };
    alpha.validUntilTs += 1_000;
    const latest = vouch(alpha.document());
    alpha.reachable = false;
    rig.vouched.set('notary.test', () => [latest, stale]);
    rig.clock.now += 60_000;
    const { keys } = rig.federation;
    expect(await keys.currentKey('alpha.test', 'ed25519:next', CLIENT)).toBeDefined();
    expect(await keys.currentKey('alpha.test', before.keyId, CLIENT)).toBeUndefined();
    expect(await found(rig.clock.now - 60_000, before.keyId)).toBe(true);
  });

  it('that cannot be reached themselves hold nothing up', async () => {
    await begin({ trustedKeyServers: ['one.test', 'two.test'] });
    const notary = rig.stranger('one.test');
    notary.reachable = false;
    alpha.reachable = false;
    rig.vouched.set('one.test', () => [signJson(alpha.document(), 'one.test', notary.key)]);
    expect(await found(0)).toBe(false);
  });
});

describe('as a notary', () => {
  const query = (wanted: WantedKeys) => rig.federation.notary.query(wanted, CLIENT);
  const vouchedFor = ({ serverName }: Stranger) => rig.federation.notary.ofServer(serverName, {}, CLIENT);

  it('this server signs what the server has signed, and its own keys', async () => {
    await begin();
    const [document] = await vouchedFor(alpha);
    const own = VerifyKey.fromBase64(SigningKey.fromSeed('ed25519:own200', Buffer.alloc(32, 200)).publicKey)!;
    expect(readKeyDocument(document, 'alpha.test')?.verifyKeys.get(alpha.key.keyId)).toBe(alpha.key.publicKey);
    expect(verifyJson(document!, OWN, 'ed25519:own200', own)).toBe(true);
    expect(readKeyDocument((await rig.federation.notary.ofServer(OWN, {}, CLIENT))[0], OWN)).toBeDefined();
  });

  it('it asks again only when what it has is not valid for long enough', async () => {
    await begin();
    await vouchedFor(alpha);
    rig.clock.now += 60_000;
    await vouchedFor(alpha);
    expect(alpha.asked).toBe(1);
    await query({ 'alpha.test': { [alpha.key.keyId]: { minimum_valid_until_ts: alpha.validUntilTs + 1 } } });
    expect(alpha.asked).toBe(2);
  });

  it('it asks again when half of the lifetime of what it has is over', async () => {
    await begin();
    await vouchedFor(alpha);
    rig.clock.now += DAY / 2;
    await vouchedFor(alpha);
    expect(alpha.asked).toBe(2);
  });

  it('it believes no lifetime beyond seven days', async () => {
    await begin();
    alpha.validUntilTs = rig.clock.now + 900 * DAY;
    await vouchedFor(alpha);
    rig.clock.now += 3.5 * DAY;
    await vouchedFor(alpha);
    expect(alpha.asked).toBe(2);
  });

  it('it asks again for a key that it has not seen, and goes on giving the one before', async () => {
    await begin();
    await vouchedFor(alpha);
    const before = alpha.key;
    alpha.key = SigningKey.fromSeed('ed25519:next', Buffer.alloc(32, 98));
    rig.clock.now += 60_000;
    expect(await query({ 'alpha.test': { [before.keyId]: {} } })).toHaveLength(1);
    expect(alpha.asked).toBe(1);
    const documents = await query({ 'alpha.test': { 'ed25519:next': {} } });
    expect(documents.flatMap(({ verify_keys: keys }) => Object.keys(keys as JsonObject)).sort()).toEqual(
      [before.keyId, 'ed25519:next'].sort(),
    );
  });

  it('it takes now for the time of keys that are wanted for no time', async () => {
    await begin();
    await vouchedFor(alpha);
    rig.clock.now = alpha.validUntilTs - 1;
    alpha.validUntilTs = rig.clock.now + DAY;
    await vouchedFor(alpha);
    rig.clock.now = alpha.validUntilTs + 1;
    await query({ 'alpha.test': { [alpha.key.keyId]: {}, other: { minimum_valid_until_ts: 1 } } });
    expect(alpha.asked).toBe(3);
  });

  it('it goes on giving what it has when the server is gone', async () => {
    await begin();
    await vouchedFor(alpha);
    alpha.reachable = false;
    rig.clock.now += 30 * DAY;
    expect(await vouchedFor(alpha)).toHaveLength(1);
  });

  it('it gives no more than four megabytes', async () => {
    await begin();
    const many = Array.from({ length: 100 }, (_, index) => rig.stranger(`s${index}.test`));
    for (const one of many) one.old = oldKeys(500);
    const documents = await query(Object.fromEntries(many.map(({ serverName }) => [serverName, {}])));
    expect(documents.length).toBeGreaterThan(50);
    expect(JSON.stringify(documents).length).toBeLessThan(4.5 * 1024 * 1024);
  });

  it('it leaves out what cannot be had, denied servers and what is no server', async () => {
    await begin({ deniedDomains: ['denied.test'] });
    rig.stranger('denied.test');
    const wanted = { 'gone.test': {}, 'denied.test': {}, 'no server': {}, 'alpha.test': {} };
    const documents = await query(wanted);
    expect(documents.map(({ server_name: name }) => name)).toEqual(['alpha.test']);
  });

  it('it asks a hundred servers at most for one request', async () => {
    await begin();
    const many = Array.from({ length: 150 }, (_, index) => rig.stranger(`s${index}.test`));
    await query(Object.fromEntries(many.map(({ serverName }) => [serverName, {}])));
    expect(many.filter(({ asked }) => asked > 0)).toHaveLength(100);
  });
});
