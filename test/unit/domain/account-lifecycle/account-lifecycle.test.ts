import { createHmac } from 'node:crypto';
import { AccountLifecycle } from '#domain/account-lifecycle';
import { REGISTRATION, startTestPeople, type TestPeople } from '../../../support/people';

const DUMMY = { auth: { type: 'm.login.dummy' } };

describe('account lifecycle', () => {
  let people: TestPeople;
  afterEach(() => people.stop());

  const register = (username: string | undefined, extra: object = {}, body: object = DUMMY) =>
    people.accountLifecycle.registration.register({ username, password: 'secret', ...extra }, body);

  it('makes account, device and token together, or none of them', async () => {
    people = await startTestPeople();
    const { userId, signedIn } = await register('Alice', { deviceId: 'PHONE' });
    expect(userId).toBe('@alice:test.example');
    expect(await people.sessions.authenticate(signedIn!.accessToken)).toMatchObject({ userId, deviceId: 'PHONE' });
    await expect(register('bob', { deviceId: 'x'.repeat(300) })).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    expect(await people.accounts.get('@bob:test.example')).toBeUndefined();
  });

  it('refuses what is wrong before asking for authentication', async () => {
    people = await startTestPeople();
    await people.addUser('alice');
    await expect(register('alice', {}, {})).rejects.toMatchObject({ errcode: 'M_USER_IN_USE' });
    await expect(register('no good', {}, {})).rejects.toMatchObject({ errcode: 'M_INVALID_USERNAME' });
    await expect(register('bob', { password: '' }, {})).rejects.toMatchObject({ errcode: 'M_WEAK_PASSWORD' });
    await expect(register('bob', {}, {})).rejects.toHaveProperty('body.flows', [{ stages: ['m.login.dummy'] }]);
  });

  it('gives a name to who wants none, and no token to who wants none', async () => {
    people = await startTestPeople();
    const { userId, signedIn } = await register(undefined, { inhibitLogin: true });
    expect(userId).toMatch(/^@[a-z0-9]{16}:test\.example$/);
    expect(signedIn).toBeUndefined();
  });

  it('lets one of many at the same time have a name and counts one use of their token', async () => {
    people = await startTestPeople({ requireToken: true });
    await people.accounts.registrationTokens.put('welcome', { usesAllowed: 5 });
    const body = { auth: { type: 'm.login.registration_token', token: 'welcome' } };
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => register('alice', {}, body)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await people.accounts.registrationTokens.list('', 10)).toMatchObject([{ uses: 1 }]);
  });

  it('admits no more than a registration token allows', async () => {
    people = await startTestPeople({ requireToken: true });
    await people.accounts.registrationTokens.put('welcome', { usesAllowed: 1 });
    const body = { auth: { type: 'm.login.registration_token', token: 'welcome' } };
    const outcomes = await Promise.allSettled(['a', 'b'].map((name) => register(name, {}, body)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('asks for agreement to the terms', async () => {
    const terms = { privacy: { version: '2', name: 'Privacy', url: 'https://x.example/p', language: 'en' } };
    people = await startTestPeople({ requireTerms: true, terms });
    await expect(register('alice', {}, {})).rejects.toHaveProperty('body', {
      flows: [{ stages: ['m.login.terms'] }],
      params: {
        'm.login.terms': {
          policies: { privacy: { version: '2', en: { name: 'Privacy', url: 'https://x.example/p' } } },
        },
      },
      session: expect.any(String),
      completed: [],
    });
    expect((await register('alice', {}, { auth: { type: 'm.login.terms' } })).userId).toBe('@alice:test.example');
  });

  it('is closed when registration or guests are switched off', async () => {
    people = await startTestPeople({ enabled: false });
    await expect(register('alice')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    const { registration } = people.accountLifecycle;
    await expect(registration.assertAvailable('alice')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    await expect(registration.registerGuest(undefined)).rejects.toMatchObject({ errcode: 'M_GUEST_ACCESS_FORBIDDEN' });
  });

  describe('by shared secret', () => {
    const request = (nonce: string, changes: object = {}, secret = 'shared secret') => {
      const fields = { nonce, username: 'root', password: 'secret', admin: true, userType: null, ...changes };
      const { username, password, admin, userType } = fields;
      const parts = [nonce, username, password, admin ? 'admin' : 'notadmin', ...(userType === null ? [] : [userType])];
      const mac = createHmac('sha1', secret).update(parts.join('\0')).digest('hex');
      return { ...fields, displayname: 'Root', inhibitLogin: false, mac };
    };

    it('makes administrators with a display name', async () => {
      people = await startTestPeople();
      const { sharedSecret } = people.accountLifecycle;
      const { userId, signedIn } = await sharedSecret.register(request(await sharedSecret.nonce()));
      expect(await people.sessions.authenticate(signedIn!.accessToken)).toMatchObject({ userId, isAdmin: true });
      expect(await people.profiles.get(userId)).toEqual({ displayname: 'Root' });
    });

    it('takes a nonce once, for a minute, and only our own', async () => {
      people = await startTestPeople();
      const { sharedSecret } = people.accountLifecycle;
      const nonce = await sharedSecret.nonce();
      await expect(sharedSecret.register(request(nonce, {}, 'wrong'))).rejects.toMatchObject({
        errcode: 'M_FORBIDDEN',
      });
      await expect(sharedSecret.register(request(nonce))).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
      const old = await sharedSecret.nonce();
      people.clock.now += 60_001;
      await expect(sharedSecret.register(request(old))).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
      await expect(sharedSecret.register(request('mine'))).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
      expect(await people.accounts.count()).toBe(0);
    });

    it('does not exist without a secret', async () => {
      people = await startTestPeople({ sharedSecret: null });
      const { sharedSecret } = people.accountLifecycle;
      await expect(sharedSecret.nonce()).rejects.toMatchObject({ errcode: 'M_UNRECOGNIZED' });
      await expect(sharedSecret.register(request('x'))).rejects.toMatchObject({ errcode: 'M_UNRECOGNIZED' });
    });
  });

  describe('deactivation', () => {
    it('ends everything of the account and takes it out of its rooms', async () => {
      people = await startTestPeople();
      const { userId, signedIn } = await register('alice');
      await people.profiles.setField(userId, userId, 'displayname', 'Alice');
      await people.accountData.set(userId, null, 'a', {});
      const parted: string[] = [];
      people.accountLifecycle.bind({ partAll: async (user) => void parted.push(user) });
      await people.accountLifecycle.deactivate(userId);
      await people.accountLifecycle.deactivate(userId);
      await expect(people.sessions.authenticate(signedIn!.accessToken)).rejects.toMatchObject({
        errcode: 'M_UNKNOWN_TOKEN',
      });
      const login = people.sessions.login({ type: 'm.login.password', user: 'alice', password: 'secret' });
      await expect(login).rejects.toMatchObject({ errcode: 'M_USER_DEACTIVATED' });
      expect(await people.devices.list(userId)).toEqual([]);
      expect(await people.profiles.get(userId)).toBeUndefined();
      expect(await people.accountData.get(userId, null, 'a')).toBeUndefined();
      await people.accountLifecycle.parting.settled();
      expect(parted).toEqual([userId]);
    });

    it('goes on leaving rooms after a restart', async () => {
      people = await startTestPeople();
      const { userId } = await register('alice');
      await people.accountLifecycle.deactivate(userId);
      await people.accountLifecycle.parting.stop();
      const fail = (error: unknown) => {
        throw error;
      };
      const restarted = () => new AccountLifecycle(people.database.storage, people, REGISTRATION, () => 0, fail);
      const parted: string[] = [];
      for (const lifecycle of [restarted(), restarted()]) {
        lifecycle.bind({ partAll: async (user) => void parted.push(user) });
        lifecycle.parting.start();
        await lifecycle.parting.settled();
      }
      expect(parted).toEqual([userId]);
    });
  });

  it('changes a password and ends the other sessions unless told not to', async () => {
    people = await startTestPeople();
    const { userId, signedIn } = await register('alice');
    const other = await people.sessions.login({ type: 'm.login.password', user: 'alice', password: 'secret' });
    const requester = await people.sessions.authenticate(signedIn!.accessToken);
    await people.accountLifecycle.changePassword(requester, 'second', false);
    await people.sessions.authenticate(other.accessToken);
    await people.accountLifecycle.changePassword(requester, 'third', true);
    await expect(people.sessions.authenticate(other.accessToken)).rejects.toMatchObject({ errcode: 'M_UNKNOWN_TOKEN' });
    await people.sessions.authenticate(signedIn!.accessToken);
    expect(await people.accounts.verifyPassword(userId, 'secret')).toBe(false);
    expect(await people.accounts.verifyPassword(userId, 'third')).toBe(true);
  });
});
