import { createHash } from 'node:crypto';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';

const UNKNOWN_DATABASE = 1049;

/**
 * Sees to it that the database of a `mysql://` URL is there and in utf8mb4: creates it when missing and allowed, changes
 * the character set of an empty one.
 * @throws Error when tables exist in another character set
 */
export async function prepareMysqlDatabase(url: string): Promise<void> {
  const { options, database } = connectionOptions(url);
  const connection = await connectOrCreate(options, database);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT @@character_set_database AS charset, COUNT(*) AS tables_there FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    const { charset, tables_there: tables } = rows[0] as { charset: string; tables_there: number };
    if (charset === 'utf8mb4') return;
    if (tables > 0) throw new Error(`database.url: ${database} is in ${charset}; it must be in utf8mb4`);
    await connection.query('ALTER DATABASE ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', [database]);
  } finally {
    await connection.end();
  }
}

async function connectOrCreate(options: mysql.ConnectionOptions, database: string): Promise<Connection> {
  try {
    return await mysql.createConnection({ ...options, database });
  } catch (error) {
    if ((error as { errno?: number }).errno !== UNKNOWN_DATABASE) throw error;
    const connection = await mysql.createConnection(options);
    await connection.query('CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', [database]);
    await connection.query('USE ??', [database]);
    return connection;
  }
}

function connectionOptions(url: string): { options: mysql.ConnectionOptions; database: string } {
  const { hostname, port, username, password, pathname } = new URL(url);
  const options = {
    host: hostname,
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    charset: 'utf8mb4',
  };
  return { options, database: decodeURIComponent(pathname.slice(1)) };
}

/** A lock of the MySQL server that lasts as long as its connection. */
export interface MysqlLock {
  release(): Promise<void>;
}

/**
 * Takes the advisory lock `name` of the database in `url`, waiting up to `seconds`; undefined when somebody else keeps it.
 * `onLost` is called when the connection breaks while the lock is held.
 */
export async function takeMysqlLock(
  url: string,
  name: string,
  seconds: number,
  onLost: (error: Error) => void,
): Promise<MysqlLock | undefined> {
  const { options, database } = connectionOptions(url);
  const connection = await mysql.createConnection({ ...options, enableKeepAlive: true });
  // Lock names are global to the MySQL server and hold 64 characters at most.
  const key = `trellis:${createHash('sha256').update(`${database}\0${name}`).digest('hex').slice(0, 40)}`;
  await connection.query('SET SESSION wait_timeout = 31536000');
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS taken', [key, seconds]);
  if ((rows[0] as { taken: number | null }).taken !== 1) {
    await connection.end();
    return undefined;
  }
  let released = false;
  connection.on('error', (error: Error) => {
    if (!released) onLost(error);
  });
  return {
    release: async () => {
      released = true;
      await connection.end();
    },
  };
}
