import SqliteDatabase from 'better-sqlite3';

/** Held by the one process that may write to a SQLite database of ours. */
export interface SqliteLock {
  release(): void;
}

/**
 * Takes the lock beside a SQLite file, or gives undefined when another process has it. It is a lock of the operating
 * system on `<file>.lock`, so it ends with its process, however that ends.
 */
export function takeSqliteLock(file: string): SqliteLock | undefined {
  const lock = new SqliteDatabase(`${file}.lock`, { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
  return { release: () => void lock.close() };
}
