import { createHash } from 'node:crypto';
import { SESSIONS_STREAM } from '#domain/sessions';
import { startTestPeople, type TestPeople } from '../../../support/people';

describe('access tokens', () => {
  let people: TestPeople;
  let alice: string;

  beforeEach(async () => {
    people = await startTestPeople();
    alice = await people.addUser('alice');
  });
  afterEach(() => people.stop());

  const signIn = (extra: object = {}) =>
    people.database.storage.write((tx) => people.sessions.issue(tx, { userId: alice, ...extra }));
  const errcode = (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: { errcode: string }) => error.errcode,
    );

  it('are stored as their SHA-256 alone', async () => {
    const { accessToken, refreshToken } = await signIn({ refreshable: true });
    const row = await people.database.storage.get<Record<string, unknown>>('SELECT * FROM access_tokens');
    expect(accessToken).toMatch(/^trl_[A-Za-z0-9_-]{43}$/);
    expect(row).toMatchObject({ token_hash: createHash('sha256').update(accessToken).digest('hex') });
    expect(JSON.stringify(row)).not.toContain(accessToken);
    expect(JSON.stringify(row)).not.toContain(refreshToken);
  });

  it('tell who asks, again after the answer was cached', async () => {
    const { accessToken, deviceId } = await signIn();
    const requester = await people.sessions.authenticate(accessToken);
    expect(requester).toMatchObject({ userId: alice, deviceId, isGuest: false, isAdmin: false });
    expect(await people.sessions.authenticate(accessToken)).toBe(requester);
  });

  it('stop at once when they are ended, and their long polls hear of it', async () => {
    const heard: unknown[] = [];
    people.database.storage.subscribe(SESSIONS_STREAM, ({ key, payload }) => heard.push([key, payload]));
    const { accessToken } = await signIn();
    const other = await signIn();
    const requester = await people.sessions.authenticate(accessToken);
    await people.sessions.logout(requester);
    expect(heard).toEqual([[alice, { tokenIds: [requester.tokenId] }]]);
    expect(await errcode(people.sessions.authenticate(accessToken))).toBe('M_UNKNOWN_TOKEN');
    expect(await errcode(people.sessions.authenticate(other.accessToken))).toBe('no error');
    expect(await people.devices.get(alice, requester.deviceId!)).toBeUndefined();
  });

  it('do not come back from a read that began before they ended', async () => {
    const { accessToken } = await signIn();
    const reading = people.sessions.authenticate(accessToken).catch(() => undefined);
    await people.sessions.logoutAll(alice);
    await reading;
    expect(await errcode(people.sessions.authenticate(accessToken))).toBe('M_UNKNOWN_TOKEN');
  });

  it('show a promotion and a lock on the next request', async () => {
    const { accessToken } = await signIn();
    await people.sessions.authenticate(accessToken);
    await people.accounts.setFlags(alice, { isAdmin: true });
    expect((await people.sessions.authenticate(accessToken)).isAdmin).toBe(true);
    await people.accounts.setFlags(alice, { locked: true });
    expect(await errcode(people.sessions.authenticate(accessToken))).toBe('M_USER_LOCKED');
    expect(await errcode(people.sessions.authenticate(accessToken, { allowLocked: true }))).toBe('no error');
  });

  it('have their streams closed when the account is locked, without being over', async () => {
    const { accessToken } = await signIn();
    const { tokenId } = await people.sessions.authenticate(accessToken);
    const closed = new Promise<void>((resolve) => people.sessions.onEnded(tokenId, resolve));
    await people.accounts.setFlags(alice, { locked: true });
    await closed;
    await people.accounts.setFlags(alice, { locked: false });
    expect((await people.sessions.authenticate(accessToken)).tokenId).toBe(tokenId);
  });

  it('let open requests finish when a refresh replaces them', async () => {
    const first = await signIn({ refreshable: true });
    const { tokenId } = await people.sessions.authenticate(first.accessToken);
    let ended = false;
    people.sessions.onEnded(tokenId, () => (ended = true));
    await people.sessions.authenticate((await people.sessions.refresh(first.refreshToken!)).accessToken);
    expect(await errcode(people.sessions.authenticate(first.accessToken))).toBe('M_UNKNOWN_TOKEN');
    expect(ended).toBe(false);
  });

  it('row 30: are not given to deactivated or locked accounts, whoever asks', async () => {
    await people.accounts.setFlags(alice, { locked: true });
    expect(await errcode(signIn())).toBe('M_USER_LOCKED');
    await people.accounts.setFlags(alice, { locked: false });
    await people.database.storage.write((tx) => people.accounts.markDeactivated(tx, alice));
    expect(await errcode(signIn())).toBe('M_USER_DEACTIVATED');
  });

  it('expire when they can be refreshed, with soft_logout', async () => {
    const { accessToken, expiresInMs } = await signIn({ refreshable: true });
    await people.sessions.authenticate(accessToken);
    people.clock.now += expiresInMs!;
    await expect(people.sessions.authenticate(accessToken)).rejects.toMatchObject({
      errcode: 'M_UNKNOWN_TOKEN',
      extra: { soft_logout: true },
    });
  });

  it('stay good after a refresh until one of the new pair is used', async () => {
    const first = await signIn({ refreshable: true });
    const second = await people.sessions.refresh(first.refreshToken!);
    expect(await errcode(people.sessions.authenticate(first.accessToken))).toBe('no error');
    expect((await people.sessions.authenticate(second.accessToken)).deviceId).toBe(first.deviceId);
    expect(await errcode(people.sessions.authenticate(first.accessToken))).toBe('M_UNKNOWN_TOKEN');
    expect(await errcode(people.sessions.refresh(first.refreshToken!))).toBe('M_UNKNOWN_TOKEN');
  });

  it('can be refreshed again when the answer of a refresh was lost', async () => {
    const first = await signIn({ refreshable: true });
    const lost = await people.sessions.refresh(first.refreshToken!);
    const again = await people.sessions.refresh(first.refreshToken!);
    expect(await errcode(people.sessions.authenticate(lost.accessToken))).toBe('M_UNKNOWN_TOKEN');
    expect(await errcode(people.sessions.refresh(again.refreshToken))).toBe('no error');
    expect(await errcode(people.sessions.authenticate(first.accessToken))).toBe('M_UNKNOWN_TOKEN');
  });
});
