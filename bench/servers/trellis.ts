import { spawn } from 'node:child_process';
import { mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, SECRET, serverOf, type BenchServer, type Surroundings } from './server';

/** Starts the built server with default durability on a fresh SQLite database (or on `databaseUrl`). */
export async function startTrellis(
  { ca }: Surroundings,
  databaseUrl?: string,
  nodeArgs: readonly string[] = [],
): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-bench-'));
  const [clientPort, federationPort] = [await freePort(), await freePort()];
  const { certFile: cert, keyFile: key } = ca.issue('localhost', '127.0.0.1');
  const log = openSync(join(folder, 'server.log'), 'a');
  const child = spawn(process.execPath, [...nodeArgs, join(__dirname, '../../dist/src/main/cli.js'), 'start'], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      TRELLIS_SERVER_NAME: `localhost:${federationPort}`,
      TRELLIS_DATA_DIR: join(folder, 'data'),
      TRELLIS_DATABASE__URL: databaseUrl ?? `sqlite:${join(folder, 'data', 'trellis.db')}`,
      TRELLIS_LISTENERS: JSON.stringify([
        { bind: '127.0.0.1', port: clientPort },
        { bind: '127.0.0.1', port: federationPort, tls: { cert, key } },
      ]),
      TRELLIS_FEDERATION__CA_CERTIFICATES: JSON.stringify([ca.caFile]),
      TRELLIS_FEDERATION__ALLOW_PRIVATE_NETWORKS: 'true',
      TRELLIS_REGISTRATION__SHARED_SECRET: SECRET,
      TRELLIS_RATE_LIMITS__ENABLED: 'false',
      TRELLIS_LOG__LEVEL: 'warn',
      TRELLIS_LOG__FORMAT: 'json',
    },
  });
  return serverOf('Trellis', child, { folder, clientPort, federationPort });
}
