import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { createDataSource } from '#main/storage/data-source';
import { openStorage } from '#platform/storage/open';
import type { Storage } from '#platform/storage/storage';
import { borrowTestDatabase } from './databases';

export interface TestStorage {
  readonly storage: Storage;
  readonly source: DataSource;
  readonly url: string;
  /** Closes the storage and removes its files. */
  stop(): Promise<void>;
}

const POOL_SIZE = 8;

/** A migrated, empty database on whichever server this run tests. */
export async function startTestStorage(): Promise<TestStorage> {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-'));
  const database = await borrowTestDatabase(folder);
  const source = createDataSource(database.url, POOL_SIZE);
  await source.initialize();
  await source.runMigrations();
  const storage = await openStorage(source, {
    writer: 1,
    onListenerError: (error) => {
      throw error;
    },
  });
  return {
    storage,
    source,
    url: database.url,
    stop: async () => {
      await storage.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
