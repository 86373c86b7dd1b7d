import { signJson, SigningKey } from '#protocol/signing/index';
import { DAY, startFederationRig, type FederationRig, type Stranger } from './rig';

let rig: FederationRig;
let alpha: Stranger;
let notary: Stranger;
/** Lets the server answer whose answer was held back. */
let answer: () => void;
beforeEach(async () => {
  rig = await startFederationRig({ trustedKeyServers: ['notary.test'] });
  alpha = rig.stranger('alpha.test');
  notary = rig.stranger('notary.test');
  alpha.gate = new Promise((resolve) => (answer = resolve));
  const document = alpha.document();
  rig.vouched.set('notary.test', () => [signJson(document, 'notary.test', notary.key)]);
  // Time passes as the test says for what waits, not for the database.
  jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
});
afterEach(async () => {
  answer();
  jest.useRealTimers();
  await rig.stop();
});

/** Looks for a key; `result` is undefined as long as the search goes on. */
function look(keyId = alpha.key.keyId, serverName = 'alpha.test') {
  const wanted = { serverName, keyId, at: rig.clock.now };
  const search: { result: boolean | undefined; done: Promise<void> } = { result: undefined, done: Promise.resolve() };
  search.done = rig.federation.keys.find([wanted], '192.0.2.1').then((key) => {
    search.result = key(wanted) !== undefined;
  });
  return search;
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};
/** So long that the database has answered whatever was asked. */
const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
};
const isAsked = () => alpha.asked > 0;
const isAskedAbout = () => rig.queries.length > 0;

describe('the keys of a server that takes its time', () => {
  it('are asked of notaries after two seconds, and whoever waits for them waits no longer', async () => {
    const search = look();
    await until(isAsked);
    jest.advanceTimersByTime(1_999);
    await settle();
    expect(rig.queries).toEqual([]);
    jest.advanceTimersByTime(1);
    await search.done;
    expect(search.result).toBe(true);
    expect(rig.queries).toEqual([{ 'alpha.test': { [alpha.key.keyId]: { minimum_valid_until_ts: rig.clock.now } } }]);
  });

  it('are asked of nobody else when it answers in time', async () => {
    const search = look();
    await until(isAsked);
    jest.advanceTimersByTime(1_999);
    answer();
    await search.done;
    jest.advanceTimersByTime(60_000);
    await settle();
    expect(search.result).toBe(true);
    expect(rig.queries).toEqual([]);
  });

  it('are taken from itself when it answers before the notaries know', async () => {
    rig.vouched.set('notary.test', () => []);
    const search = look();
    await until(isAsked);
    jest.advanceTimersByTime(2_000);
    await until(isAskedAbout);
    await settle();
    expect(search.result).toBeUndefined();
    answer();
    await search.done;
    expect(search.result).toBe(true);
  });

  it('are not held to be there when notaries know an older document only', async () => {
    const search = look('ed25519:next');
    await until(isAsked);
    jest.advanceTimersByTime(2_000);
    await until(isAskedAbout);
    await settle();
    expect(search.result).toBeUndefined();
    alpha.key = SigningKey.fromSeed('ed25519:next', Buffer.alloc(32, 98));
    answer();
    await search.done;
    expect(search.result).toBe(true);
  });

  it('are what it says itself, when it says something else later than the notaries', async () => {
    const search = look();
    await until(isAsked);
    jest.advanceTimersByTime(2_000);
    await search.done;
    const vouched = alpha.key;
    alpha.key = SigningKey.fromSeed(vouched.keyId, Buffer.alloc(32, 98));
    const isOwn = async () => {
      const current = await rig.federation.keys.currentKey('alpha.test', vouched.keyId, '192.0.2.1');
      return current?.verify('text', alpha.key.sign('text')) === true;
    };
    expect(await isOwn()).toBe(false);
    answer();
    // Ends when it is stored, and never when it is not.
    while (!(await isOwn())) await settle();
  });

  it('are waited for by those who want another key than the notaries were asked for', async () => {
    const search = look();
    await until(isAsked);
    jest.advanceTimersByTime(2_000);
    await search.done;
    const another = look('ed25519:next');
    await settle();
    expect(another.result).toBeUndefined();
    alpha.key = SigningKey.fromSeed('ed25519:next', Buffer.alloc(32, 98));
    answer();
    await another.done;
    expect(another.result).toBe(true);
    expect(alpha.asked).toBe(1);
  });

  it('hold a turn as long as it is being asked, so that turns bound what is under way', async () => {
    const others = Array.from({ length: 200 }, (_, index) => rig.stranger(`s${index}.test`));
    const documents = new Map(others.map((one) => [one.serverName, one.document()]));
    for (const one of others) one.gate = alpha.gate;
    rig.vouched.set('notary.test', (name) => [signJson(documents.get(name)!, 'notary.test', notary.key)]);
    const wanted = others.map(({ serverName, key }) => ({ serverName, keyId: key.keyId, at: rig.clock.now - DAY }));
    const search = rig.federation.keys.find(wanted, '192.0.2.1');
    const asked = () => others.filter((one) => one.asked > 0).length;
    await until(() => asked() === 32);
    jest.advanceTimersByTime(2_000);
    await until(() => rig.queries.length === 32);
    await settle();
    expect(asked()).toBe(32);
    answer();
    await search;
  });
});
