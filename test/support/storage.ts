import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataSource } from '#main/storage/data-source';
import { openStorage } from '#platform/storage/open';
import type { Storage } from '#platform/storage/storage';

export interface TestStorage {
  readonly storage: Storage;
  readonly url: string;
  /** Closes the storage and removes its files. */
  stop(): Promise<void>;
}

/** A migrated, empty database in a temporary folder. */
export async function startTestStorage(): Promise<TestStorage> {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-'));
  const url = `sqlite:${join(folder, 'trellis.db')}`;
  const source = createDataSource(url);
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
    url,
    stop: async () => {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
