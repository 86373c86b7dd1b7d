import { startTestStorage, type TestStorage } from '../../../support/storage';

describe('storage', () => {
  let database: TestStorage;
  beforeEach(async () => {
    database = await startTestStorage();
  });
  afterEach(() => database.stop());

  it('undoes only the work that failed when several wait for one commit', async () => {
    const { storage } = database;
    const good = storage.write((tx) => tx.insert('sequences', { name: 'good', next_value: 1 }));
    const bad = storage.write(async (tx) => {
      await tx.insert('sequences', { name: 'bad', next_value: 1 });
      throw new Error('changed my mind');
    });
    const also = storage.write((tx) => tx.insert('sequences', { name: 'also', next_value: 1 }));
    await expect(bad).rejects.toThrow('changed my mind');
    await Promise.all([good, also]);
    const rows = await storage.all<{ name: string }>(
      "SELECT name FROM sequences WHERE name IN ('good','bad','also') ORDER BY name",
    );
    expect(rows.map((row) => row.name)).toEqual(['also', 'good']);
  });

  it('tells subscribers of committed changes in position order and of nothing else', async () => {
    const { storage } = database;
    const heard: number[] = [];
    storage.subscribe('news', (change) => heard.push(change.position.pos));
    const say = (fail: boolean) =>
      storage.write(async (tx) => {
        const position = tx.position();
        tx.publish({ stream: 'news', key: 'k', position });
        if (fail) throw new Error('no');
        return position.pos;
      });
    const [first, , third] = await Promise.allSettled([say(false), say(true), say(false)]);
    const announced = storage.announce({ stream: 'news', key: 'k' });
    expect(heard).toEqual([
      (first as PromiseFulfilledResult<number>).value,
      (third as PromiseFulfilledResult<number>).value,
      announced.pos,
    ]);
    expect(storage.visible().get(1)).toBe(announced.pos);
  });

  it('row 48: lets the unique key decide who was first', async () => {
    const { storage } = database;
    const claim = (value: number) =>
      storage.write((tx) => tx.insertIgnore('sequences', ['name'], { name: 'seat', next_value: value }));
    expect(await Promise.all([claim(1), claim(2)])).toEqual([true, false]);
  });
});
