import type { Database } from 'better-sqlite3';
import SqliteDatabase from 'better-sqlite3';
import type { Pool as CallbackPool } from 'mysql2';
import type { DataSource } from 'typeorm';
import { MysqlStorage } from './mysql-storage';
import { PositionClock } from './position-clock';
import { Sequences } from './sequences';
import { SqliteStorage } from './sqlite-storage';
import { positionSequence, sequenceNames } from './sequence-names';
import type { Storage } from './storage';
import type { StorageObserver } from './storage-observer';

export interface StorageOptions extends StorageObserver {
  /** This process's number among the writers of one database; 1 when alone. */
  readonly writer: number;
}

/** Opens storage on an initialised TypeORM data source whose migrations have run. The storage then owns the source. */
export async function openStorage(source: DataSource, options: StorageOptions): Promise<Storage> {
  const names: string[] = [...sequenceNames, positionSequence(options.writer)];
  const sequences = new Sequences(names);
  const start = await firstPosition(source, options.writer);
  const clock = new PositionClock(options.writer, start, options.onListenerError);
  if (source.options.type === 'better-sqlite3') {
    const writer = (source.driver as unknown as { databaseConnection: Database }).databaseConnection;
    const reader = new SqliteDatabase(String(source.options.database), { readonly: true });
    return new SqliteStorage(writer, reader, sequences, clock, options).start();
  }
  const pool = (source.driver as unknown as { pool: CallbackPool }).pool.promise();
  return new MysqlStorage(pool, sequences, clock, options, () => source.destroy()).start();
}

/** Everything below the reserved block was visible before the restart, or never will be. */
async function firstPosition(source: DataSource, writer: number): Promise<number> {
  const sql = 'SELECT next_value FROM sequences WHERE name = ?';
  const rows = await source.query<{ next_value: number }[]>(sql, [positionSequence(writer)]);
  return (rows[0]?.next_value ?? 1) - 1;
}
