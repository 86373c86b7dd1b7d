import type { QueryRunner } from 'typeorm';
import type { ColumnTypes } from '../column-types';
import { columnTypes } from '../column-types';

/** The column types of the database a migration runs on. */
export const migrationTypes = (runner: QueryRunner): ColumnTypes =>
  columnTypes(runner.connection.options.type === 'better-sqlite3' ? 'sqlite' : 'mysql');
