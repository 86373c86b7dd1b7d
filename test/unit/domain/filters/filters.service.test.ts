import { startTestPeople, type TestPeople } from '../../../support/people';

const ALICE = '@alice:test.example';
const FILTER = { room: { timeline: { limit: 5 } } };

describe('filters', () => {
  let people: TestPeople;
  beforeEach(async () => {
    people = await startTestPeople();
  });
  afterEach(() => people.stop());

  it('have one id for one content and belong to their user', async () => {
    const { filters } = people;
    const id = await filters.define(ALICE, FILTER);
    expect(await filters.define(ALICE, { ...FILTER })).toBe(id);
    expect(id.startsWith('{')).toBe(false);
    expect(await filters.get(ALICE, id)).toEqual(FILTER);
    await expect(filters.get('@bob:test.example', id)).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    await expect(filters.resolve('@bob:test.example', id)).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });

  it('are resolved from an id or JSON, to the same object each time', async () => {
    const { filters } = people;
    const id = await filters.define(ALICE, FILTER);
    const stored = await filters.resolve(ALICE, id);
    expect(stored).toMatchObject(FILTER);
    expect(await filters.resolve(ALICE, id)).toBe(stored);
    const inline = JSON.stringify(FILTER);
    expect(await filters.resolve(ALICE, inline)).toBe(await filters.resolve(ALICE, inline));
    expect(await filters.resolve(ALICE, undefined)).toEqual({});
  });

  it.each(['{', '{"room": 1}', '{"room":{"timeline":{"limit":"many"}}}'])('refuse %s with M_BAD_JSON', async (text) => {
    await expect(people.filters.resolve(ALICE, text)).rejects.toMatchObject({ errcode: 'M_BAD_JSON' });
  });
});
