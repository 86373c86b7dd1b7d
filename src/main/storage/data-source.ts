import type { Database } from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataSource } from 'typeorm';
import { columnTypes } from '#platform/storage/column-types';
import { migrations } from '#platform/storage/migrations/index';
import { entities } from './entities';
import { mysqlDriver } from './mysql-sessions';

/**
 * The TypeORM data source for `database.url`: `sqlite:path/to/file.db` or `mysql://user:password@host:3306/name`.
 * @throws Error when the URL has another scheme
 */
export function createDataSource(url: string, poolSize = 16): DataSource {
  const file = sqliteFile(url);
  if (file !== undefined) return sqliteSource(file);
  if (/^(mysql|mariadb):\/\//.test(url)) return mysqlSource(url, poolSize);
  throw new Error('database.url: expected sqlite:<file> or mysql://user:password@host:port/name');
}

/** The file of a `sqlite:` URL, undefined for other databases. */
export function sqliteFile(url: string): string | undefined {
  return url.startsWith('sqlite:') ? url.slice('sqlite:'.length).replace(/^\/\//, '') : undefined;
}

function sqliteSource(path: string): DataSource {
  mkdirSync(dirname(path), { recursive: true });
  return new DataSource({
    type: 'better-sqlite3',
    database: path,
    prepareDatabase: (database: Database) => {
      database.pragma('journal_mode = WAL');
      // FULL: a commit that was answered survives a power cut.
      database.pragma('synchronous = FULL');
      database.pragma('busy_timeout = 10000');
      database.pragma('cache_size = -65536');
      database.pragma('temp_store = MEMORY');
    },
    entities: entities(columnTypes('sqlite')),
    migrations,
    migrationsTransactionMode: 'each',
  });
}

function mysqlSource(url: string, poolSize: number): DataSource {
  const { hostname, port, username, password, pathname } = new URL(url);
  const source = new DataSource({
    // TypeORM's MariaDB dialect also reads a MySQL server's schema rightly, while its MySQL dialect takes MariaDB's
    // nullable columns for columns with a default.
    type: 'mariadb',
    driver: mysqlDriver,
    host: hostname,
    port: port === '' ? 3306 : Number(port),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: false,
    bigNumberStrings: false,
    // Without FOUND_ROWS an upsert that changes nothing reports nothing.
    flags: ['-FOUND_ROWS'],
    poolSize,
    extra: { typeCast, decimalNumbers: true, connectionLimit: poolSize },
    entities: entities(columnTypes('mysql')),
    migrations,
    migrationsTransactionMode: 'each',
  });
  return source;
}

interface CastField {
  readonly type: string;
  string(encoding?: string): string | null;
}

/** Identifiers are VARBINARY in the database and strings here. */
function typeCast(field: CastField, next: () => unknown): unknown {
  if (field.type === 'VAR_STRING' || field.type === 'STRING') return field.string('utf8');
  return next();
}
