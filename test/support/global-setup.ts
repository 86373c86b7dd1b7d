import { startMariadb, type PrivateMariadb } from './mariadb';

declare global {
  var trellisMariadb: PrivateMariadb | undefined;
}

/** For single files: MariaDB when TRELLIS_TEST_DATABASE=mysql asks for it. */
export default async function globalSetup(): Promise<void> {
  if (process.env['TRELLIS_TEST_DATABASE'] === 'mysql') await startForRun();
}

/** One MariaDB server for the whole run, unless one was given. Workers inherit its address. */
export async function startForRun(): Promise<void> {
  if (process.env['TRELLIS_TEST_MYSQL_URL'] !== undefined) return;
  globalThis.trellisMariadb = await startMariadb();
  process.env['TRELLIS_TEST_MYSQL_URL'] = globalThis.trellisMariadb.url;
}
