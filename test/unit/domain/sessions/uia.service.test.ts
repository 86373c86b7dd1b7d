import type { JsonObject } from '#kernel/json';
import type { UiaRequest } from '#domain/sessions';
import { entities } from '#main/storage/entities';
import { columnTypes } from '#platform/storage/column-types';
import { startTestPeople, type TestPeople } from '../../../support/people';

const PASSWORD = 'a password that nobody may read';

describe('user-interactive authentication', () => {
  let people: TestPeople;
  let alice: string;
  let request: UiaRequest;

  beforeEach(async () => {
    people = await startTestPeople();
    alice = await people.addUser('alice', PASSWORD);
    request = { operation: 'do it', userId: alice, body: { what: 1 }, flows: [['m.login.password']] };
  });
  afterEach(() => people.stop());

  const attempt = (changes: Partial<UiaRequest> = {}) => people.sessions.uia.authorize({ ...request, ...changes });
  const challenge = async (changes: Partial<UiaRequest> = {}): Promise<JsonObject> => {
    const error: { body?: JsonObject; errcode?: string } = await attempt(changes).then(
      () => ({ errcode: 'authorized' }),
      (thrown: object) => thrown,
    );
    return error.body ?? { errcode: error.errcode! };
  };
  const password = (session?: unknown, extra: object = {}) => ({
    what: 1,
    auth: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: alice },
      password: PASSWORD,
      session,
      ...extra,
    },
  });

  it('says first what is needed, without an errcode', async () => {
    const body = await challenge({ params: { 'm.login.password': { hint: 1 } } });
    expect(body).toEqual({
      flows: [{ stages: ['m.login.password'] }],
      params: { 'm.login.password': { hint: 1 } },
      session: expect.any(String),
      completed: [],
    });
  });

  it('is passed with the password, in the session or at once, in the old form too', async () => {
    const { session } = await challenge();
    await attempt({ body: password(session) });
    await attempt({ body: password() });
    await attempt({ body: { what: 1, auth: { type: 'm.login.password', user: 'alice', password: PASSWORD } } });
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'M_FORBIDDEN'],
    ['a missing password', { password: undefined }, 'M_MISSING_PARAM'],
    ['a stage of no flow', { type: 'm.login.dummy' }, 'M_FORBIDDEN'],
  ])('goes on after %s with an errcode in the challenge', async (_what, extra, errcode) => {
    const { session } = await challenge();
    const body = await challenge({ body: password(session, extra) });
    expect(body).toMatchObject({ errcode, session, completed: [], flows: [{ stages: ['m.login.password'] }] });
    await attempt({ body: password(session) });
  });

  it("row 52: is not passed with another user's password", async () => {
    await people.addUser('mallory', 'hers');
    const auth = { type: 'm.login.password', user: 'mallory', password: 'hers' };
    expect(await challenge({ body: { what: 1, auth } })).toMatchObject({ errcode: 'M_FORBIDDEN' });
  });

  it('row 52: belongs to the operation, the user and, from its first stage on, the body', async () => {
    const { session } = await challenge();
    expect(await challenge({ operation: 'do that', body: password(session) })).toEqual({ errcode: 'M_FORBIDDEN' });
    const bob = await people.addUser('bob', PASSWORD);
    expect(await challenge({ userId: bob, body: password(session) })).toEqual({ errcode: 'M_FORBIDDEN' });
    const flows = [['m.login.password', 'm.login.dummy']];
    const halfway = await challenge({ flows, body: { ...password(session), what: 2 } });
    expect(halfway).toMatchObject({ completed: ['m.login.password'], session });
    const auth = { type: 'm.login.dummy', session: session! };
    expect(await challenge({ flows, body: { what: 3, auth } })).toEqual({ errcode: 'M_FORBIDDEN' });
    await attempt({ flows, body: { what: 2, auth } });
  });

  it('takes stages in order and each once', async () => {
    const flows = [['m.login.password', 'm.login.dummy']];
    const { session } = await challenge({ flows });
    const dummy = { what: 1, auth: { type: 'm.login.dummy', session: session! } };
    expect(await challenge({ flows, body: dummy })).toMatchObject({ errcode: 'M_FORBIDDEN', completed: [] });
    expect(await challenge({ flows, body: password(session) })).toMatchObject({ completed: ['m.login.password'] });
    const again = await challenge({ flows, body: password(session, { password: 'wrong' }) });
    expect(again).toMatchObject({ completed: ['m.login.password'] });
    expect(again).not.toHaveProperty('errcode');
    await attempt({ flows, body: dummy });
  });

  it('lets a finished session be used once, also by two requests at the same time', async () => {
    const { session } = await challenge();
    const outcomes = await Promise.all([1, 2].map(() => challenge({ body: password(session) })));
    expect(outcomes.filter(({ errcode }) => errcode === 'authorized')).toHaveLength(1);
    expect(await challenge({ body: password(session) })).toMatchObject({ errcode: 'M_UNKNOWN', completed: [] });
  });

  it('begins anew when the session has expired or never was', async () => {
    const { session } = await challenge();
    people.clock.now += 31 * 60_000;
    const body = await challenge({ body: password(session) });
    expect(body).toMatchObject({ errcode: 'M_UNKNOWN', flows: [{ stages: ['m.login.password'] }] });
    expect(body['session']).not.toBe(session);
    await attempt({ body: password(body['session']) });
  });

  it('hands on the registration token that was shown', async () => {
    await people.accounts.registrationTokens.put('welcome');
    const flows = [['m.login.registration_token']];
    const auth = (token: string) => ({ auth: { type: 'm.login.registration_token', token } });
    expect(await challenge({ flows, body: auth('wrong') })).toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(await attempt({ flows, body: auth('welcome') })).toEqual({ registrationToken: 'welcome' });
  });

  it('row 31: leaves no password and no session id in any table', async () => {
    const flows = [['m.login.password', 'm.login.dummy']];
    const { session } = await challenge({ flows, body: { what: 1, new_password: PASSWORD } });
    await challenge({ flows, body: { ...password(session), new_password: PASSWORD } });
    let text = '';
    for (const { options } of entities(columnTypes('sqlite'))) {
      text += JSON.stringify(await people.database.storage.all(`SELECT * FROM ${options.tableName}`));
    }
    expect(text).toContain('m.login.password');
    expect(text).not.toContain(PASSWORD);
    expect(text).not.toContain(session);
  });
});
