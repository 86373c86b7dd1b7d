import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import type { TestServer } from '../support/server';

/**
 * All that a server has written down: every byte of its files on SQLite (the database's free pages and its log included),
 * every column of every row on MariaDB beside the files of its data folder.
 */
export async function everythingStored({ config }: TestServer): Promise<string> {
  const files = filesBelow(config.data_dir).map((file) => readFileSync(file).toString('latin1'));
  const { url } = config.database;
  return [...files, ...(url.startsWith('mysql:') ? await rowsOf(url) : [])].join('\n');
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

async function rowsOf(url: string): Promise<string[]> {
  const connection = await mysql.createConnection(url);
  try {
    const [tables] = await connection.query<mysql.RowDataPacket[]>('SHOW TABLES');
    const texts: string[] = [];
    for (const table of tables) {
      const [rows] = await connection.query('SELECT * FROM ??', [Object.values(table)[0]]);
      texts.push(JSON.stringify(rows, readable));
    }
    return texts;
  } finally {
    await connection.end();
  }
}

/** Bytes as the text that they may be. */
function readable(_key: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBytes ? Buffer.from((value as unknown as { data: number[] }).data).toString('latin1') : value;
}
