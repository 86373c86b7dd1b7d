import type { Row, SqlValue } from './storage';

/** `INSERT INTO t (a, b) VALUES (?, ?), …` and its parameters in order. All rows have the first row's columns. */
export function insertSql(table: string, rows: readonly Row[]): { sql: string; params: SqlValue[] } {
  const columns = Object.keys(rows[0]!);
  const one = `(${columns.map(() => '?').join(', ')})`;
  const params: SqlValue[] = [];
  for (const row of rows) for (const column of columns) params.push(row[column] ?? null);
  return { sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => one).join(', ')}`, params };
}

/** The tail of an insert that keeps the row which is already there. */
export function ignoreSql(dialect: 'sqlite' | 'mysql', key: readonly string[]): string {
  if (dialect === 'sqlite') return ` ON CONFLICT (${key.join(', ')}) DO NOTHING`;
  return ` ON DUPLICATE KEY UPDATE ${key[0]} = ${key[0]}`;
}

/** The tail of an insert that updates `update` where the key exists. */
export function upsertSql(dialect: 'sqlite' | 'mysql', key: readonly string[], update: readonly string[]): string {
  if (update.length === 0) return ignoreSql(dialect, key);
  if (dialect === 'sqlite') {
    return ` ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${update.map((c) => `${c} = excluded.${c}`).join(', ')}`;
  }
  return ` ON DUPLICATE KEY UPDATE ${update.map((c) => `${c} = VALUES(${c})`).join(', ')}`;
}

/** The columns an upsert updates when the caller names none: all but the key. */
export function updatable(key: readonly string[], row: Row): string[] {
  return Object.keys(row).filter((column) => !key.includes(column));
}
