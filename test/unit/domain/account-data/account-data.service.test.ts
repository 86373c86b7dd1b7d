import { startTestPeople, type TestPeople } from '../../../support/people';

const ALICE = '@alice:test.example';
const ROOM = '!room:test.example';

describe('account data', () => {
  let people: TestPeople;
  beforeEach(async () => {
    people = await startTestPeople();
  });
  afterEach(() => people.stop());

  const here = () => people.database.storage.visible();

  it('is given whole at first and then as it changes', async () => {
    const { accountData } = people;
    await accountData.set(ALICE, null, 'm.direct', { a: 1 });
    await accountData.set(ALICE, ROOM, 'm.marked_unread', { unread: true });
    const since = here();
    expect(await accountData.globalSince(ALICE, undefined, since)).toContainEqual({
      type: 'm.direct',
      content: { a: 1 },
    });
    expect(await accountData.roomsSince(ALICE, undefined, since)).toEqual([
      { roomId: ROOM, type: 'm.marked_unread', content: { unread: true } },
    ]);
    expect(await accountData.globalSince(ALICE, since, here())).toEqual([]);
    await accountData.set(ALICE, null, 'm.direct', { a: 2 });
    await accountData.set(ALICE, null, 'm.direct', { a: 3 });
    expect(await accountData.globalSince(ALICE, since, here())).toEqual([{ type: 'm.direct', content: { a: 3 } }]);
    expect(await accountData.roomsSince(ALICE, since, here())).toEqual([]);
    expect(await accountData.globalSince('@bob:test.example', since, here())).toEqual([]);
  });

  it.each(['m.fully_read', 'm.push_rules'])('refuses to let clients write %s', async (type) => {
    await expect(people.accountData.set(ALICE, null, type, {})).rejects.toMatchObject({ errcode: 'M_BAD_JSON' });
    await expect(people.accountData.set(ALICE, ROOM, type, {})).rejects.toMatchObject({ errcode: 'M_BAD_JSON' });
  });

  it('refuses what is no room, too long a type and too much data, naming the field', async () => {
    const { accountData } = people;
    await expect(accountData.set(ALICE, 'lobby', 'a', {})).rejects.toMatchObject({ message: /^roomId/ });
    await expect(accountData.set(ALICE, null, 'x'.repeat(256), {})).rejects.toMatchObject({ message: /^type/ });
    const big = accountData.set(ALICE, null, 'a', { text: 'x'.repeat(128 * 1024) });
    await expect(big).rejects.toMatchObject({ errcode: 'M_TOO_LARGE', message: /^content/ });
  });

  it('knows whom a user ignores, at once after a change, and never the user', async () => {
    const { accountData } = people;
    expect([...(await accountData.ignoredUsers(ALICE))]).toEqual([]);
    const content = { ignored_users: { '@spam:x.example': {}, [ALICE]: {} } };
    await accountData.set(ALICE, null, 'm.ignored_user_list', content);
    expect([...(await accountData.ignoredUsers(ALICE))]).toEqual(['@spam:x.example']);
    await accountData.set(ALICE, null, 'm.ignored_user_list', { ignored_users: 'nonsense' });
    expect([...(await accountData.ignoredUsers(ALICE))]).toEqual([]);
  });

  it('holds tags, which follow one another without losing any', async () => {
    const { tags, accountData } = people;
    await Promise.all(
      ['u.a', 'u.b', 'm.favourite', '__proto__'].map((tag) => tags.set(ALICE, ROOM, tag, { order: 0.5 })),
    );
    expect(Object.keys(await tags.list(ALICE, ROOM)).sort()).toEqual(['__proto__', 'm.favourite', 'u.a', 'u.b']);
    await tags.remove(ALICE, ROOM, 'u.b');
    await tags.remove(ALICE, ROOM, 'u.b');
    expect(await accountData.get(ALICE, ROOM, 'm.tag')).toMatchObject({ tags: { 'u.a': { order: 0.5 } } });
    expect(Object.keys(await tags.list(ALICE, ROOM)).sort()).toEqual(['__proto__', 'm.favourite', 'u.a']);
  });

  it('has a limit of tags for a room', async () => {
    for (let i = 0; i < 100; i += 1) await people.tags.set(ALICE, ROOM, `u.${i}`, {});
    await expect(people.tags.set(ALICE, ROOM, 'u.more', {})).rejects.toMatchObject({ errcode: 'M_TOO_LARGE' });
    await people.tags.set(ALICE, ROOM, 'u.1', { order: 1 });
  });
});
