import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';

export interface PrivateMariadb {
  /** As in mysql://root@127.0.0.1:40123, without a database. */
  readonly url: string;
  stop(): Promise<void>;
}

const PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const START_TRIES = 600;
const START_STEP_MS = 100;

/** Starts a MariaDB server of our own in a temporary folder, on the loopback address and a free port. */
export async function startMariadb(): Promise<PrivateMariadb> {
  requireMariadb();
  const folder = mkdtempSync(join(tmpdir(), 'trellis-mariadb-'));
  const data = join(folder, 'data');
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  run('mariadb-install-db', [
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const port = await freePort();
  const child = spawnTied([
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    `--socket=${join(folder, 'sock')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--pid-file=${join(folder, 'pid')}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--innodb-flush-method=nosync',
    '--sync-frm=0',
    '--innodb-flush-log-at-trx-commit=0',
    '--performance-schema=off',
    '--innodb-buffer-pool-size=128M',
    '--max-connections=500',
    `--log-error=${join(folder, 'error')}`,
  ]);
  const url = `mysql://root@127.0.0.1:${port}`;
  const stop = async () => {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.exitCode === null) {
      child.stdin?.end();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  await reachable(url, child).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}

/** The server ends with us, also when we are killed: it lives as long as our end of its standard input is open. */
function spawnTied(args: readonly string[]): ChildProcess {
  const script = 'mariadbd "$@" </dev/null & child=$!; cat >/dev/null; kill $child; wait $child';
  return spawn('sh', ['-c', script, 'mariadbd', ...args], { stdio: ['pipe', 'ignore', 'ignore'], env: environment() });
}

function requireMariadb(): void {
  if (found()) return;
  if (process.getuid?.() !== 0) {
    throw new Error(
      'The tests need MariaDB: mariadbd is not in PATH. Install mariadb-server, or set TRELLIS_TEST_MYSQL_URL.',
    );
  }
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', 'mariadb-server']);
}

function found(): boolean {
  return ['mariadbd', 'mariadb-install-db'].every(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env: environment() }).status === 0,
  );
}

function run(command: string, args: readonly string[]): void {
  const env = { ...environment(), DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [process.env['PATH'], ...PLACES].join(':') };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function reachable(url: string, child: ChildProcess): Promise<void> {
  let last: unknown;
  for (let i = 0; i < START_TRIES && child.exitCode === null; i++) {
    try {
      const connection = await mysql.createConnection(url);
      await connection.end();
      return;
    } catch (error) {
      last = error;
      await sleep(START_STEP_MS);
    }
  }
  throw new Error(`MariaDB did not start: ${String(last)}`);
}
