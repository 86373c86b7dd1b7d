import { PROFILES_STREAM } from '#domain/profiles';
import { startTestPeople, type TestPeople } from '../../../support/people';

describe('profiles', () => {
  let people: TestPeople;
  let alice: string;
  let propagated: unknown[];

  beforeEach(async () => {
    people = await startTestPeople();
    alice = await people.addUser('alice');
    propagated = [];
    const profileChanged = async (...change: unknown[]) => void propagated.push(change);
    people.profiles.bind({ propagator: { profileChanged } });
  });
  afterEach(() => people.stop());

  const set = (name: string, value: Parameters<typeof people.profiles.setField>[3]) =>
    people.profiles.setField(alice, alice, name, value);

  it('are empty at first and 404 for strangers', async () => {
    expect(await people.profiles.get(alice)).toEqual({});
    await expect(people.profiles.require('@nobody:test.example')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    await expect(people.profiles.requireField(alice, 'displayname')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
  });

  it('tell rooms and presence of a new name and avatar, of nothing else, and once', async () => {
    const heard: string[] = [];
    people.database.storage.subscribe(PROFILES_STREAM, ({ key }) => heard.push(key));
    await set('displayname', 'Alice');
    await set('displayname', 'Alice');
    await set('org.example.pets', { cats: 2 });
    await set('avatar_url', 'mxc://test.example/a');
    expect(propagated).toEqual([
      [alice, { displayname: 'Alice' }],
      [alice, { displayname: 'Alice', avatar_url: 'mxc://test.example/a', 'org.example.pets': { cats: 2 } }],
    ]);
    expect(heard).toEqual([alice, alice]);
  });

  it('keep null as a value and clear a field when asked to, or by an empty name', async () => {
    await set('org.example.x', null);
    await set('displayname', 'Alice');
    expect(await people.profiles.get(alice)).toEqual({ 'org.example.x': null, displayname: 'Alice' });
    await set('org.example.x', undefined);
    await set('displayname', '');
    expect(await people.profiles.get(alice)).toEqual({});
  });

  it.each([
    ['displayname', 5, 'M_BAD_JSON'],
    ['displayname', 'x'.repeat(257), 'M_INVALID_PARAM'],
    ['avatar_url', 'https://example.org/a.png', 'M_INVALID_PARAM'],
    ['m.tz', null, 'M_BAD_JSON'],
    ['Upper', 1, 'M_INVALID_PARAM'],
    ['__proto__', {}, 'M_INVALID_PARAM'],
    ['x'.repeat(256), 1, 'M_KEY_TOO_LARGE'],
    ['org.example.big', 'x'.repeat(64 * 1024), 'M_PROFILE_TOO_LARGE'],
  ])('refuse %.20s = %.20j with %s', async (name, value, errcode) => {
    await expect(set(name, value)).rejects.toMatchObject({ errcode });
    expect(await people.profiles.get(alice)).toEqual({});
  });

  it('count all fields together against the limit', async () => {
    await set('org.example.a', 'x'.repeat(40_000));
    await expect(set('org.example.b', 'x'.repeat(40_000))).rejects.toMatchObject({ errcode: 'M_PROFILE_TOO_LARGE' });
    await set('org.example.a', undefined);
    await set('org.example.b', 'x'.repeat(40_000));
  });

  it('are changed by their owner alone, and not while suspended', async () => {
    const bob = await people.addUser('bob');
    const foreign = people.profiles.setField(bob, alice, 'displayname', 'Owned');
    await expect(foreign).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    await people.accounts.setFlags(alice, { suspended: true });
    await expect(set('displayname', 'x')).rejects.toMatchObject({ errcode: 'M_USER_SUSPENDED' });
  });
});
