import { startTestStorage, type TestStorage } from '../../../support/storage';

describe('storage under concurrent writers', () => {
  let database: TestStorage;
  beforeEach(async () => {
    database = await startTestStorage();
  });
  afterEach(() => database.stop());

  it('keeps identifiers apart that differ in case, in trailing spaces or beyond the basic plane', async () => {
    const names = ['a', 'A', 'a ', 'ä', 'a\u0308', '\u{1F600}', '\u{1F601}', ''];
    await database.storage.write((tx) =>
      tx.insert(
        'server_settings',
        names.map((name) => ({ name, content: `is ${name}` })),
      ),
    );
    for (const name of names) {
      const row = await database.storage.get<{ name: string; content: string }>(
        'SELECT * FROM server_settings WHERE name = ?',
        [name],
      );
      expect(row).toEqual({ name, content: `is ${name}` });
    }
  });

  it('never shows a position before everything below it is readable', async () => {
    const { storage } = database;
    const seen: number[] = [];
    const missing: string[] = [];
    storage.subscribe('proof', (change) => seen.push(change.position.pos));
    const writer = async (id: number) => {
      for (let i = 0; i < 20; i++) {
        await storage
          .write(async (tx) => {
            const position = tx.position();
            if (i % 3 === 0) await tx.get('SELECT 1 AS one');
            await tx.insert('server_settings', { name: `p${position.pos}`, content: String(id) });
            tx.publish({ stream: 'proof', key: String(id), position });
            if (i % 7 === 6) throw new Error('undone');
          })
          .catch((error: Error) => {
            if (error.message !== 'undone') throw error;
          });
      }
    };
    const reader = async () => {
      while (seen.length < 100) {
        const announced = seen.slice();
        for (const pos of announced.slice(-5)) {
          const row = await storage.get('SELECT name FROM server_settings WHERE name = ?', [`p${pos}`]);
          if (row === undefined) missing.push(`p${pos}`);
        }
        await new Promise((next) => setImmediate(next));
      }
    };
    await Promise.all([...Array.from({ length: 6 }, (_, id) => writer(id)), reader()]);
    expect(missing).toEqual([]);
    expect(seen).toHaveLength(6 * 18);
    expect(seen).toEqual(seen.slice().sort((a, b) => a - b));
    expect(storage.visible().get(1)).toBeGreaterThanOrEqual(seen[seen.length - 1]!);
  });

  it('row 45, row 52: tries the whole work again when two writers want the same rows in opposite order', async () => {
    const { storage } = database;
    const rows = ['one', 'two'].map((name) => ({ name, next_value: 0 }));
    await storage.write((tx) => tx.insert('sequences', rows));
    const add = (first: string, second: string) =>
      storage.write(async (tx) => {
        for (const name of [first, second]) {
          await tx.run('UPDATE sequences SET next_value = next_value + 1 WHERE name = ?', [name]);
          await tx.get('SELECT 1 AS one');
        }
      });
    await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? add('one', 'two') : add('two', 'one'))));
    const sql = "SELECT name, next_value FROM sequences WHERE name IN ('one', 'two') ORDER BY name";
    expect(await storage.all(sql)).toEqual(rows.map(({ name }) => ({ name, next_value: 12 })));
  });

  it('finishes the writes under way when it closes, and takes no more', async () => {
    const { storage } = database;
    let done = false;
    const slow = storage.write(async (tx) => {
      for (let i = 0; i < 20; i++) await tx.get('SELECT 1 AS one');
      await tx.insert('server_settings', { name: 'last', content: 'written' });
      done = true;
    });
    await storage.close();
    expect(done).toBe(true);
    await slow;
    await expect(storage.write(async () => undefined)).rejects.toThrow('closed');
    await database.stop();
    database = await startTestStorage();
  });
});
