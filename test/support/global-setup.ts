import type { Config } from 'jest';
import { startMariadb, type PrivateMariadb } from './mariadb';

declare global {
  var trellisMariadb: PrivateMariadb | undefined;
}

/** One MariaDB server for the whole run, when the run needs one and none was given. Workers inherit its address. */
export default async function globalSetup(_global: Config, project: { displayName?: { name: string } }): Promise<void> {
  const wanted = project.displayName?.name === 'mariadb' || process.env['TRELLIS_TEST_DATABASE'] === 'mysql';
  if (!wanted || process.env['TRELLIS_TEST_MYSQL_URL'] !== undefined) return;
  globalThis.trellisMariadb = await startMariadb();
  process.env['TRELLIS_TEST_MYSQL_URL'] = globalThis.trellisMariadb.url;
}
