import { startTestPeople, type TestPeople } from '../../../support/people';

const ALICE = '@alice:test.example';

describe('push rules', () => {
  let people: TestPeople;
  beforeEach(async () => {
    people = await startTestPeople();
  });
  afterEach(() => people.stop());

  const ids = async () => (await people.pushRules.ruleset(ALICE)).content.map((rule) => rule.rule_id);
  const put = (ruleId: string, place = {}) =>
    people.pushRules.put(ALICE, 'content', ruleId, { pattern: ruleId, actions: ['notify'] }, place);

  it('are the defaults until the user changes them, and only changes are stored', async () => {
    const { global } = (await people.accountData.get(ALICE, null, 'm.push_rules')) as { global: object };
    expect(global).toEqual(await people.pushRules.ruleset(ALICE));
    expect(await people.database.storage.all('SELECT user_id FROM push_rules')).toEqual([]);
    await people.pushRules.setEnabled(ALICE, 'override', '.m.rule.master', true);
    expect(await people.database.storage.all('SELECT changes FROM push_rules')).toEqual([
      { changes: JSON.stringify({ own: {}, defaults: { '.m.rule.master': { enabled: true } } }) },
    ]);
  });

  it('are in a first sync and, after a change, whole in the next', async () => {
    const { accountData, database } = people;
    const since = database.storage.visible();
    const first = await accountData.globalSince(ALICE, undefined, since);
    expect(first.map(({ type }) => type)).toEqual(['m.push_rules']);
    await put('one');
    const [entry, ...others] = await accountData.globalSince(ALICE, since, database.storage.visible());
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ type: 'm.push_rules', content: { global: { content: [{ rule_id: 'one' }] } } });
    const all = await accountData.globalSince(ALICE, undefined, database.storage.visible());
    expect(all.filter(({ type }) => type === 'm.push_rules')).toEqual([entry]);
  });

  it('stand where they were put', async () => {
    await put('b');
    await put('a', { before: 'b' });
    await put('c', { after: 'b' });
    expect(await ids()).toEqual(['a', 'b', 'c']);
  });

  it('survive changes at the same time', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => put(name)));
    expect((await ids()).sort()).toEqual(names);
  });

  it('take effect at once in the compiled rules', async () => {
    const event = { type: 'm.room.message', sender: '@bob:x.example', content: { body: 'hello tea' } };
    const context = { userId: ALICE, memberCount: 3, senderLevel: 0, notificationLevel: () => 50 };
    expect((await people.pushRules.rulesFor(ALICE)).evaluate(event, context)?.ruleId).toBe('.m.rule.message');
    await put('tea');
    expect((await people.pushRules.rulesFor(ALICE)).evaluate(event, context)?.ruleId).toBe('tea');
    const both = await people.pushRules.rulesForMany([ALICE, '@carol:test.example']);
    expect([...both.values()].map((rules) => rules.evaluate(event, context)?.ruleId)).toEqual([
      'tea',
      '.m.rule.message',
    ]);
  });

  it('of the server can be changed and not deleted', async () => {
    await people.pushRules.setActions(ALICE, 'underride', '.m.rule.message', ['dont_notify']);
    expect(await people.pushRules.rule(ALICE, 'underride', '.m.rule.message')).toMatchObject({ actions: [] });
    const removal = people.pushRules.remove(ALICE, 'underride', '.m.rule.message');
    await expect(removal).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    await expect(people.pushRules.rule(ALICE, 'room', '!no')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
  });
});
