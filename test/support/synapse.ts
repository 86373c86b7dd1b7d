import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './federation';
import type { PrivateCa } from './private-ca';
import { synapsePython } from './synapse-venv';

const SHARED_SECRET = 'federation tests';
const START_MS = 90_000;

/** A Synapse of its own, on SQLite in a temporary folder: federation over TLS at its server name, clients over HTTP. */
export interface SynapseServer {
  /** `localhost:<port of the federation listener>` */
  readonly serverName: string;
  /** Where clients go, `http://127.0.0.1:<port>`. */
  readonly clientUrl: string;
  /** Makes an account by the shared secret. */
  register(localpart: string): Promise<{ userId: string; accessToken: string }>;
  /** Ends the process and keeps its data. */
  pause(): Promise<void>;
  /** Starts it again after `pause`. */
  resume(): Promise<void>;
  /** The end of what it logged. */
  log(): string;
  stop(): Promise<void>;
}

export interface SynapseOptions {
  /** The authority that signs its certificate and the only one that it trusts. */
  readonly ca: PrivateCa;
  readonly defaultRoomVersion?: string;
}

const running = new Set<ChildProcess>();
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** Starts Synapse and waits until it answers. Installs it first where it is not: give `beforeAll` SYNAPSE_INSTALL_MS. */
export async function startSynapse(options: SynapseOptions): Promise<SynapseServer> {
  const python = synapsePython();
  const folder = mkdtempSync(join(tmpdir(), 'trellis-synapse-'));
  const [port, clientPort] = await Promise.all([freePort(), freePort()]);
  const [serverName, clientUrl] = [`localhost:${port}`, `http://127.0.0.1:${clientPort}`];
  const config = join(folder, 'homeserver.yaml');
  writeFileSync(config, configuration({ ...options, folder, port, clientPort, serverName }));
  const command = ['-m', 'synapse.app.homeserver', '-c', config];
  execFileSync(python, [...command, '--generate-keys'], { cwd: folder, stdio: 'pipe' });
  const logFile = join(folder, 'server.log');
  const log = () => readFileSync(logFile, 'utf8').slice(-20_000);

  let child: ChildProcess | undefined;
  const resume = async () => {
    const output = openSync(logFile, 'a');
    child = spawn(python, command, { cwd: folder, stdio: ['ignore', output, output] });
    running.add(child);
    await untilReady(child, clientUrl, log);
  };
  const pause = async () => {
    const process = child;
    child = undefined;
    if (process === undefined || process.exitCode !== null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGTERM');
    await ended;
    running.delete(process);
  };
  await resume();
  return {
    serverName,
    clientUrl,
    register: (localpart) => register(clientUrl, localpart),
    pause,
    resume,
    log,
    stop: async () => {
      await pause();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, url: string, log: () => string): Promise<void> {
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`Synapse ended with ${child.exitCode}:\n${log()}`);
    const answer = await fetch(`${url}/_matrix/client/versions`).catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(100);
  }
  throw new Error(`Synapse did not start:\n${log()}`);
}

async function register(url: string, username: string): Promise<{ userId: string; accessToken: string }> {
  const path = `${url}/_synapse/admin/v1/register`;
  const { nonce } = (await (await fetch(path)).json()) as { nonce: string };
  const password = 'a password';
  const mac = createHmac('sha1', SHARED_SECRET)
    .update([nonce, username, password, 'notadmin'].join('\0'))
    .digest('hex');
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nonce, username, password, mac, admin: false }),
  });
  const body = (await answer.json()) as { user_id: string; access_token: string };
  if (!answer.ok) throw new Error(`Synapse refused ${username}: ${JSON.stringify(body)}`);
  return { userId: body.user_id, accessToken: body.access_token };
}

interface ConfigurationInput extends SynapseOptions {
  readonly folder: string;
  readonly port: number;
  readonly clientPort: number;
  readonly serverName: string;
}

/** Its defaults, but: no rate limits, loopback allowed, quick hashes, quick retries, and every directory open. */
function configuration({ folder, port, clientPort, serverName, ca, defaultRoomVersion }: ConfigurationInput): string {
  const { certFile, keyFile } = ca.issue('localhost', '127.0.0.1');
  const fast = { per_second: 100_000, burst_count: 100_000 };
  const listener = { bind_addresses: ['127.0.0.1'], type: 'http' };
  return JSON.stringify({
    server_name: serverName,
    report_stats: false,
    pid_file: join(folder, 'homeserver.pid'),
    signing_key_path: join(folder, 'signing.key'),
    media_store_path: join(folder, 'media'),
    log_config: logConfiguration(folder),
    listeners: [
      { ...listener, port, tls: true, resources: [{ names: ['federation'] }] },
      { ...listener, port: clientPort, tls: false, resources: [{ names: ['client'] }] },
    ],
    tls_certificate_path: certFile,
    tls_private_key_path: keyFile,
    federation_verify_certificates: true,
    federation_custom_ca_list: [ca.caFile],
    // Everything is on loopback here.
    ip_range_blacklist: [],
    ip_range_allowlist: ['127.0.0.0/8', '::1'],
    database: { name: 'sqlite3', args: { database: join(folder, 'homeserver.db') } },
    registration_shared_secret: SHARED_SECRET,
    bcrypt_rounds: 4,
    trusted_key_servers: [],
    allow_public_rooms_over_federation: true,
    room_list_publication_rules: [{ action: 'allow' }],
    allow_profile_lookup_over_federation: true,
    presence: { enabled: true },
    ...(defaultRoomVersion !== undefined && { default_room_version: defaultRoomVersion }),
    federation: {
      client_timeout: '30s',
      max_short_retries: 1,
      max_short_retry_delay: 100,
      destination_min_retry_interval: 100,
      destination_retry_multiplier: 1,
      destination_max_retry_interval: 500,
    },
    rc_message: fast,
    rc_registration: fast,
    rc_login: { address: fast, account: fast, failed_attempts: fast },
    rc_joins: { local: fast, remote: fast },
    rc_joins_per_room: fast,
    rc_room_creation: fast,
    rc_invites: { per_room: fast, per_user: fast, per_issuer: fast },
    rc_presence: { per_user: fast },
    rc_admin_redaction: fast,
    rc_federation: {
      window_size: 1000,
      sleep_limit: 100_000,
      sleep_delay: 1,
      reject_limit: 100_000,
      concurrent: 1000,
    },
    rc_key_requests: fast,
    rc_third_party_invite: fast,
  });
}

/** The file that tells Synapse to log to standard error; what it does at warnings, and requests, at debug level nothing. */
function logConfiguration(folder: string): string {
  const file = join(folder, 'log.yaml');
  const formatters = { plain: { format: '%(asctime)s %(levelname)s %(name)s %(request)s %(message)s' } };
  const handlers = { console: { class: 'logging.StreamHandler', formatter: 'plain' } };
  const root = { level: 'INFO', handlers: ['console'] };
  writeFileSync(file, JSON.stringify({ version: 1, formatters, handlers, root }));
  return file;
}
