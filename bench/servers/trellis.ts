import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, freePort, residentMiB, untilReady, type BenchServer } from './server';

/** Starts the built server with default durability on a fresh SQLite database (or on `databaseUrl`). */
export async function startTrellis(databaseUrl?: string, nodeArgs: readonly string[] = []): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-bench-'));
  const port = await freePort();
  const secret = 'benchmark';
  const log = openSync(join(folder, 'server.log'), 'a');
  const child = spawn(process.execPath, [...nodeArgs, join(__dirname, '../../dist/src/main/cli.js'), 'start'], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      TRELLIS_SERVER_NAME: 'bench.test',
      TRELLIS_DATA_DIR: join(folder, 'data'),
      TRELLIS_DATABASE__URL: databaseUrl ?? `sqlite:${join(folder, 'data', 'trellis.db')}`,
      TRELLIS_LISTENERS: JSON.stringify([{ bind: '127.0.0.1', port }]),
      TRELLIS_REGISTRATION__SHARED_SECRET: secret,
      TRELLIS_RATE_LIMITS__ENABLED: 'false',
      TRELLIS_LOG__LEVEL: 'warn',
      TRELLIS_LOG__FORMAT: 'json',
    },
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  const startMs = await untilReady(`${baseUrl}/_matrix/client/versions`, child);
  return {
    name: 'Trellis',
    baseUrl,
    secret,
    startMs,
    memoryMiB: () => residentMiB(child.pid!),
    stop: async () => {
      await endProcess(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
