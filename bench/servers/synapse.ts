import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, freePort, residentMiB, untilReady, type BenchServer } from './server';

const { synapsePython, SYNAPSE_VERSION } = createRequire(__filename)('../../scripts/synapse-venv.js') as {
  synapsePython(): string;
  SYNAPSE_VERSION: string;
};

/** The version that is measured. */
export const synapseVersion = (): string => SYNAPSE_VERSION;

/** Starts Synapse on a fresh SQLite database with its rate limits lifted and its defaults otherwise. */
export async function startSynapse(): Promise<BenchServer> {
  const python = synapsePython();
  const folder = mkdtempSync(join(tmpdir(), 'synapse-bench-'));
  const port = await freePort();
  const secret = 'benchmark';
  const config = join(folder, 'homeserver.yaml');
  writeFileSync(config, configuration(folder, port, secret));
  const start = ['-m', 'synapse.app.homeserver', '-c', config];
  execFileSync(python, [...start, '--generate-keys'], { cwd: folder, stdio: 'ignore' });
  const log = openSync(join(folder, 'server.log'), 'a');
  const child = spawn(python, start, { cwd: folder, stdio: ['ignore', log, log] });
  const baseUrl = `http://127.0.0.1:${port}`;
  const startMs = await untilReady(`${baseUrl}/_matrix/client/versions`, child);
  return {
    name: 'Synapse',
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

function configuration(folder: string, port: number, secret: string): string {
  const fast = '{ per_second: 100000, burst_count: 100000 }';
  return `server_name: bench.test
report_stats: false
pid_file: ${folder}/homeserver.pid
signing_key_path: ${folder}/signing.key
media_store_path: ${folder}/media
listeners:
  - { port: ${port}, bind_addresses: [127.0.0.1], type: http, tls: false, resources: [{ names: [client] }] }
database: { name: sqlite3, args: { database: ${folder}/homeserver.db } }
registration_shared_secret: ${secret}
bcrypt_rounds: 4
trusted_key_servers: []
rc_message: ${fast}
rc_registration: ${fast}
rc_login: { address: ${fast}, account: ${fast}, failed_attempts: ${fast} }
rc_joins: { local: ${fast}, remote: ${fast} }
rc_joins_per_room: ${fast}
rc_room_creation: ${fast}
rc_invites: { per_room: ${fast}, per_user: ${fast}, per_issuer: ${fast} }
rc_presence: { per_user: ${fast} }
rc_admin_redaction: ${fast}
`;
}
