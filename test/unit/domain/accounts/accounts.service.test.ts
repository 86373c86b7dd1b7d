import { Accounts } from '#domain/accounts';
import { startTestStorage, type TestStorage } from '../../../support/storage';

const CHEAP = { memoryKib: 8, iterations: 1, parallelism: 1, minLength: 1 };

describe('accounts', () => {
  let database: TestStorage;
  let accounts: Accounts;
  let time = 1_000;

  beforeEach(async () => {
    database = await startTestStorage();
    time = 1_000;
    accounts = new Accounts(database.storage, { serverName: 'test.example', passwords: CHEAP }, () => time);
  });
  afterEach(() => database.stop());

  it('row 48: makes an account once, whoever asks at the same time and in whichever letter case', async () => {
    const attempts = ['alice', 'Alice', 'ALICE'].map((localpart) => accounts.create({ localpart, passwordHash: null }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toMatchObject({ errcode: 'M_USER_IN_USE' });
    expect(await accounts.get('@alice:test.example')).toMatchObject({
      localpart: 'alice',
      isAdmin: false,
      createdTs: 1_000,
    });
  });

  it.each(['', 'white space', 'ümlaut', 'a:b', 'a'.repeat(250)])('refuses the user name %j', async (localpart) => {
    await expect(accounts.create({ localpart, passwordHash: null })).rejects.toMatchObject({
      errcode: 'M_INVALID_USERNAME',
    });
  });

  it('keeps the name of a deactivated account taken and forgets its password', async () => {
    const passwordHash = await accounts.passwords.hash('secret');
    const { userId } = await accounts.create({ localpart: 'gone', passwordHash });
    expect(await accounts.verifyPassword(userId, 'secret')).toBe(true);
    await database.storage.write((tx) => accounts.markDeactivated(tx, userId));
    expect(await accounts.verifyPassword(userId, 'secret')).toBe(false);
    await expect(accounts.requireActive(userId)).rejects.toMatchObject({ errcode: 'M_USER_DEACTIVATED' });
    await expect(accounts.assertAvailable('gone')).rejects.toMatchObject({ errcode: 'M_USER_IN_USE' });
  });

  it('row 2: never matches an empty or overlong password, nor one of an unknown user', async () => {
    const { userId } = await accounts.create({ localpart: 'none', passwordHash: null });
    expect(await accounts.verifyPassword(userId, '')).toBe(false);
    expect(await accounts.verifyPassword(userId, 'x')).toBe(false);
    expect(await accounts.verifyPassword('@nobody:test.example', 'x')).toBe(false);
    await expect(accounts.passwords.hash('')).rejects.toMatchObject({ errcode: 'M_WEAK_PASSWORD' });
    await expect(accounts.passwords.hash('x'.repeat(513))).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });

  it('lists accounts page by page and finds them by part of the localpart', async () => {
    for (const localpart of ['carol', 'alice', 'bob', 'alba']) await accounts.create({ localpart, passwordHash: null });
    const first = await accounts.list({ limit: 3 });
    expect(first.accounts.map((account) => account.localpart)).toEqual(['alba', 'alice', 'bob']);
    const second = await accounts.list({ limit: 3, after: first.next });
    expect(second.accounts.map((account) => account.localpart)).toEqual(['carol']);
    expect(second.next).toBeUndefined();
    const found = await accounts.list({ limit: 10, search: 'AL' });
    expect(found.accounts.map((account) => account.localpart)).toEqual(['alba', 'alice']);
  });

  it('lets a registration token be used as often as it allows and until it expires', async () => {
    const { registrationTokens: tokens } = accounts;
    await tokens.put('twice', { usesAllowed: 2, expiresTs: 2_000 });
    const use = () => database.storage.write((tx) => tokens.consume(tx, 'twice'));
    expect((await Promise.all([use(), use(), use()])).filter((taken) => taken)).toHaveLength(2);
    expect(await tokens.isValid('twice')).toBe(false);
    await tokens.put('twice', { usesAllowed: 3, expiresTs: 2_000 });
    expect(await tokens.isValid('twice')).toBe(true);
    time = 2_000;
    expect(await tokens.isValid('twice')).toBe(false);
    expect(await tokens.isValid('no such')).toBe(false);
  });
});
