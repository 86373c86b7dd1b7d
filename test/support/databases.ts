import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import mysql from 'mysql2/promise';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Which database this run tests on. */
export const testedDialect = (): 'sqlite' | 'mysql' =>
  process.env['TRELLIS_TEST_DATABASE'] === 'mysql' ? 'mysql' : 'sqlite';

/** An empty database: a file in `folder`, or a fresh one on the run's MariaDB server. */
export async function createTestDatabase(folder: string): Promise<TestDatabase> {
  if (testedDialect() === 'sqlite') return { url: `sqlite:${join(folder, 'trellis.db')}`, drop: async () => undefined };
  const server = process.env['TRELLIS_TEST_MYSQL_URL'];
  if (server === undefined)
    throw new Error('TRELLIS_TEST_MYSQL_URL is not set; jest starts a server in its global set-up');
  const name = `trellis_${randomBytes(8).toString('hex')}`;
  const statement = async (sql: string) => {
    const connection = await mysql.createConnection(server);
    await connection.query(sql).finally(() => connection.end());
  };
  await statement(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  return { url: `${server.replace(/\/+$/, '')}/${name}`, drop: () => statement(`DROP DATABASE ${name}`) };
}
