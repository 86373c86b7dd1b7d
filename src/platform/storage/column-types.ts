import type { EntitySchemaColumnOptions } from 'typeorm';

/** Column types by dialect, the only place where entities and migrations of the two databases differ. */
export interface ColumnTypes {
  readonly dialect: 'sqlite' | 'mysql';
  /** A Matrix identifier or other key, compared byte for byte. On MySQL VARBINARY: utf8mb4_bin pads trailing spaces. */
  identifier(length?: number): ColumnType;
  /** 64-bit whole number: ids, positions, epoch milliseconds. */
  bigint(): ColumnType;
  int(): ColumnType;
  /** 0 or 1. */
  flag(): ColumnType;
  /** Text or JSON of up to 16 MiB, kept as written. */
  text(): ColumnType;
}

export interface ColumnType {
  readonly type: NonNullable<EntitySchemaColumnOptions['type']> & string;
  readonly length?: string;
}

const sqlite: ColumnTypes = {
  dialect: 'sqlite',
  identifier: () => ({ type: 'text' }),
  bigint: () => ({ type: 'integer' }),
  int: () => ({ type: 'integer' }),
  flag: () => ({ type: 'integer' }),
  text: () => ({ type: 'text' }),
};

const mysql: ColumnTypes = {
  dialect: 'mysql',
  identifier: (length = 255) => ({ type: 'varbinary', length: String(length) }),
  bigint: () => ({ type: 'bigint' }),
  int: () => ({ type: 'int' }),
  flag: () => ({ type: 'tinyint' }),
  text: () => ({ type: 'mediumtext' }),
};

export const columnTypes = (dialect: 'sqlite' | 'mysql'): ColumnTypes => (dialect === 'sqlite' ? sqlite : mysql);
