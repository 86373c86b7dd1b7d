import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DataSource } from 'typeorm';
import type { Logger } from '#kernel/logger';
import { openStorage } from '#platform/storage/open';
import type { Storage } from '#platform/storage/storage';
import type { Metrics } from '#platform/telemetry/metrics';
import { createDataSource, sqliteFile } from './data-source';
import { prepareMysqlDatabase, takeMysqlLock } from './mysql-database';
import { takeSqliteLock } from './sqlite-lock';

/** This process's number among the writers of the database: alone, it is the first. */
const WRITER = 1;

export interface OpenDatabase {
  readonly storage: Storage;
  readonly source: DataSource;
  /** Finishes writing, closes the connections and lets another process in. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly pool_size: number;
}

/** Another process works on the same database. */
export class DatabaseInUseError extends Error {
  constructor() {
    super('database.url: another process is using this database');
    this.name = 'DatabaseInUseError';
  }
}

/**
 * Opens the database for writing, as the only process: creates it when missing and brings its tables up to date.
 * `onLost` is called when another process may have taken over; this one must then stop.
 * @throws DatabaseInUseError
 */
export async function openDatabase(
  options: DatabaseOptions,
  log: Logger,
  metrics: Metrics,
  onLost: () => void,
): Promise<OpenDatabase> {
  const release = await takeLock(options.url, log, onLost);
  let source: DataSource | undefined;
  try {
    source = createDataSource(options.url, options.pool_size);
    await source.initialize();
    const ran = await source.runMigrations();
    if (ran.length > 0) log.info({ migrations: ran.map(({ name }) => name) }, 'database brought up to date');
    const storage = await openStorage(source, {
      writer: WRITER,
      onListenerError: (error) => log.error({ error }, 'a listener of a stream failed'),
      onCommit: (writes, seconds) => metrics.commit(writes, seconds),
      onRetry: () => metrics.retry(),
    });
    const close = async () => {
      await storage.close();
      await release();
    };
    return { storage, source, close };
  } catch (error) {
    if (source?.isInitialized === true) await source.destroy();
    await release();
    throw error;
  }
}

async function takeLock(url: string, log: Logger, onLost: () => void): Promise<() => Promise<void>> {
  const file = sqliteFile(url);
  if (file !== undefined) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const lock = takeSqliteLock(file);
    if (lock === undefined) throw new DatabaseInUseError();
    return async () => lock.release();
  }
  await prepareMysqlDatabase(url);
  const lost = (error: Error) => {
    log.error({ error }, 'the connection that holds the database lock broke');
    onLost();
  };
  const lock = await takeMysqlLock(url, `writer ${WRITER}`, 0, lost);
  if (lock === undefined) throw new DatabaseInUseError();
  return () => lock.release();
}
