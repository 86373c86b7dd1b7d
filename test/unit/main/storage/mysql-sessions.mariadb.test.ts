import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareMysqlDatabase } from '#main/storage/mysql-database';
import mysql from 'mysql2/promise';
import { createTestDatabase } from '../../../support/databases';
import { startTestStorage } from '../../../support/storage';

describe('connections to MariaDB', () => {
  it('are strict, READ COMMITTED and in UTC, each of the pool', async () => {
    const { storage, stop } = await startTestStorage();
    const read = () =>
      storage.get<{ mode: string; isolation: string; zone: string; charset: string }>(
        'SELECT @@sql_mode AS mode, @@tx_isolation AS isolation, @@time_zone AS zone, @@character_set_client AS charset, SLEEP(0.05)',
      );
    const sessions = await Promise.all(Array.from({ length: 8 }, read));
    for (const session of sessions) {
      expect(session?.mode).toContain('STRICT_ALL_TABLES');
      expect(session).toMatchObject({ isolation: 'READ-COMMITTED', zone: '+00:00', charset: 'utf8mb4' });
    }
    await stop();
  });

  it('refuse what does not fit instead of cutting it', async () => {
    const { storage, stop } = await startTestStorage();
    const long = storage.write((tx) => tx.insert('sequences', { name: 'n'.repeat(65), next_value: 1 }));
    await expect(long).rejects.toThrow(/too long/);
    await stop();
  });

  it('go to a database that is made in utf8mb4 when it is missing, and turned to it while empty', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trellis-'));
    const database = await createTestDatabase(folder);
    const name = new URL(database.url).pathname.slice(1);
    const admin = await mysql.createConnection(database.url.replace(`/${name}`, ''));
    const charset = async () => {
      const sql = 'SELECT default_character_set_name AS charset FROM information_schema.schemata WHERE schema_name = ?';
      const [rows] = await admin.query<mysql.RowDataPacket[]>(sql, [name]);
      return (rows[0] as { charset: string } | undefined)?.charset;
    };
    await admin.query(`DROP DATABASE ${name}`);
    await prepareMysqlDatabase(database.url);
    expect(await charset()).toBe('utf8mb4');
    await admin.query(`ALTER DATABASE ${name} CHARACTER SET latin1`);
    await prepareMysqlDatabase(database.url);
    expect(await charset()).toBe('utf8mb4');
    await admin.query(`ALTER DATABASE ${name} CHARACTER SET latin1`);
    await admin.query(`CREATE TABLE ${name}.old (a TEXT)`);
    await expect(prepareMysqlDatabase(database.url)).rejects.toThrow(/utf8mb4/);
    await admin.end();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
});
