import { DEFAULT_SESSIONS, Sessions } from '#domain/sessions';
import { startTestPeople, type TestPeople } from '../../../support/people';

describe('wrong passwords', () => {
  let people: TestPeople;
  let sessions: Sessions;

  beforeEach(async () => {
    people = await startTestPeople();
    await people.addUser('alice');
    const config = { ...DEFAULT_SESSIONS, failedPasswords: { attempts: 3, periodMs: 10_000 } };
    const { database, accounts, devices, clock } = people;
    const fail = (error: unknown) => {
      throw error;
    };
    sessions = new Sessions(database.storage, accounts, devices, config, () => clock.now, fail);
  });
  afterEach(() => people.stop());

  const login = (user: string, password: string) =>
    sessions.login({ type: 'm.login.password', user, password }).then(
      () => 'in',
      (error: { errcode: string }) => error.errcode,
    );
  const guess = async (user: string, times: number) => {
    const outcomes: string[] = [];
    for (let i = 0; i < times; i += 1) outcomes.push(await login(user, 'wrong'));
    return outcomes;
  };

  it('are limited per account, whichever way its name is written, until some time has gone', async () => {
    expect(await guess('@alice:test.example', 3)).toEqual(['M_FORBIDDEN', 'M_FORBIDDEN', 'M_FORBIDDEN']);
    expect(await login('Alice', 'secret')).toBe('M_LIMIT_EXCEEDED');
    await expect(sessions.login({ type: 'm.login.password', user: 'alice', password: 'x' })).rejects.toMatchObject({
      retryAfterMs: 10_000,
    });
    people.clock.now += 10_000;
    expect(await login('alice', 'secret')).toBe('in');
  });

  it('are limited alike for names that do not exist', async () => {
    expect(await guess('nobody', 4)).toEqual(['M_FORBIDDEN', 'M_FORBIDDEN', 'M_FORBIDDEN', 'M_LIMIT_EXCEEDED']);
    expect(await login('alice', 'secret')).toBe('in');
  });

  it('do not slip through when they come at once', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => login('alice', 'wrong')));
    expect(outcomes.filter((outcome) => outcome === 'M_LIMIT_EXCEEDED')).toHaveLength(2);
  });

  it('are forgotten when the right one comes', async () => {
    await guess('alice', 2);
    expect(await login('alice', 'secret')).toBe('in');
    expect(await guess('alice', 3)).toEqual(['M_FORBIDDEN', 'M_FORBIDDEN', 'M_FORBIDDEN']);
  });

  it('in an authentication of steps count too', async () => {
    const auth = { type: 'm.login.password', user: 'alice', password: 'wrong' };
    const request = { operation: 'x', userId: '@alice:test.example', body: { auth }, flows: [['m.login.password']] };
    const attempt = () => sessions.uia.authorize(request).catch((error: { errcode: string }) => error.errcode);
    expect([await attempt(), await attempt(), await attempt(), await attempt()]).toEqual([
      'M_FORBIDDEN',
      'M_FORBIDDEN',
      'M_FORBIDDEN',
      'M_LIMIT_EXCEEDED',
    ]);
  });
});
