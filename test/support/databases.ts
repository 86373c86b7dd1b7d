import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
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
  const name = `trellis_${randomBytes(8).toString('hex')}`;
  await onServer((server) => server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`));
  return { url: `${serverUrl()}/${name}`, drop: () => dropDatabase(name) };
}

/**
 * A database that may have its tables already, without rows: to make them takes longer than most tests. `drop` leaves it
 * for the next test of the same file.
 */
export async function borrowTestDatabase(folder: string): Promise<TestDatabase> {
  if (testedDialect() === 'sqlite') return borrowFile(folder);
  const name = spare.pop();
  const database = name === undefined ? await createTestDatabase(folder) : { url: `${serverUrl()}/${name}` };
  return { url: database.url, drop: () => empty(new URL(database.url).pathname.slice(1)) };
}

const spare: string[] = [];
let template: string | undefined;

afterAll(async () => {
  for (const name of spare.splice(0)) await dropDatabase(name);
  if (template !== undefined) rmSync(template, { recursive: true, force: true });
});

/** A copy of the file that the first test of this test file made, once that has ended. */
async function borrowFile(folder: string): Promise<TestDatabase> {
  const file = join(folder, 'trellis.db');
  if (template !== undefined) copyFileSync(join(template, 'trellis.db'), file);
  const drop = async () => {
    if (template !== undefined || !existsSync(file)) return;
    const database = new SqliteDatabase(file);
    for (const name of tablesOf(database)) database.exec(`DELETE FROM ${name}`);
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    template = mkdtempSync(join(tmpdir(), 'trellis-template-'));
    copyFileSync(file, join(template, 'trellis.db'));
  };
  return { url: `sqlite:${file}`, drop };
}

function tablesOf(database: SqliteDatabase.Database): string[] {
  const sql =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'migrations'";
  return database
    .prepare<[], { name: string }>(sql)
    .all()
    .map(({ name }) => name);
}

async function empty(database: string): Promise<void> {
  await onServer(async (server) => {
    const sql =
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_name <> 'migrations'";
    const [rows] = await server.query<mysql.RowDataPacket[]>(sql, [database]);
    for (const { name } of rows as { name: string }[]) await server.query('DELETE FROM ??.??', [database, name]);
  });
  spare.push(database);
}

const dropDatabase = (name: string) => onServer((server) => server.query(`DROP DATABASE ${name}`));

async function onServer(work: (server: mysql.Connection) => Promise<unknown>): Promise<void> {
  const server = await mysql.createConnection(serverUrl());
  await work(server).finally(() => server.end());
}

function serverUrl(): string {
  const url = process.env['TRELLIS_TEST_MYSQL_URL'];
  if (url === undefined)
    throw new Error('TRELLIS_TEST_MYSQL_URL is not set; jest starts a server in its global set-up');
  return url.replace(/\/+$/, '');
}
