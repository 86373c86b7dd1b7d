import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, SECRET, serverOf, type BenchServer, type Place, type Surroundings } from './server';

const { synapsePython, SYNAPSE_VERSION } = createRequire(__filename)('../../scripts/synapse-venv.js') as {
  synapsePython(): string;
  SYNAPSE_VERSION: string;
};

/** The version that is measured. */
export const synapseVersion = (): string => SYNAPSE_VERSION;

/** Starts Synapse on a fresh SQLite database with its rate limits lifted and its defaults otherwise. */
export async function startSynapse({ ca }: Surroundings): Promise<BenchServer> {
  const python = synapsePython();
  const folder = mkdtempSync(join(tmpdir(), 'synapse-bench-'));
  const place = { folder, clientPort: await freePort(), federationPort: await freePort() };
  const config = join(folder, 'homeserver.yaml');
  writeFileSync(config, configuration(place, ca));
  const start = ['-m', 'synapse.app.homeserver', '-c', config];
  execFileSync(python, [...start, '--generate-keys'], { cwd: folder, stdio: 'ignore' });
  const log = openSync(join(folder, 'server.log'), 'a');
  const child = spawn(python, start, { cwd: folder, stdio: ['ignore', log, log] });
  return serverOf('Synapse', child, place);
}

function configuration({ folder, clientPort, federationPort }: Place, ca: Surroundings['ca']): string {
  const { certFile, keyFile } = ca.issue('localhost', '127.0.0.1');
  const fast = '{ per_second: 100000, burst_count: 100000 }';
  return `server_name: localhost:${federationPort}
report_stats: false
pid_file: ${folder}/homeserver.pid
signing_key_path: ${folder}/signing.key
media_store_path: ${folder}/media
listeners:
  - { port: ${clientPort}, bind_addresses: [127.0.0.1], type: http, tls: false, resources: [{ names: [client] }] }
  - { port: ${federationPort}, bind_addresses: [127.0.0.1], type: http, tls: true, resources: [{ names: [federation] }] }
tls_certificate_path: ${certFile}
tls_private_key_path: ${keyFile}
federation_custom_ca_list: ['${ca.caFile}']
ip_range_blacklist: []
database: { name: sqlite3, args: { database: ${folder}/homeserver.db } }
registration_shared_secret: ${SECRET}
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
rc_federation: { window_size: 1000, sleep_limit: 100000, sleep_delay: 1, reject_limit: 100000, concurrent: 1000 }
`;
}
