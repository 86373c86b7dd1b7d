import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Domain } from '#domain/domain';
import { makeConfig, type Config, type ConfigInput } from '#main/config/index';
import { startServer, type RunningServer } from '#main/server';
import { createLogger } from '#platform/telemetry/logger';
import { Api } from './api';
import { borrowTestDatabase } from './databases';

/** An account made through the registration endpoint, with a client of its own. */
export interface TestUser {
  readonly userId: string;
  readonly deviceId: string;
  readonly token: string;
  readonly password: string;
  readonly api: Api;
}

export interface TestServer {
  readonly url: string;
  readonly config: Config;
  readonly domain: Domain;
  /** A client with a token, or without. */
  api(token?: string): Api;
  /** Registers `name` with the dummy stage, as any client would. */
  registerUser(name: string, password?: string): Promise<TestUser>;
  /** Stops the server and keeps its data; restart() goes on. */
  pause(): Promise<void>;
  /** Stops the server and starts it again on the same data; `url` and `domain` change. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const SHARED_SECRET = 'the tests know this secret';

const DEFAULTS: ConfigInput = {
  server_name: 'test.example',
  listeners: [{ port: 0 }],
  registration: { enabled: true, shared_secret: SHARED_SECRET, allow_guests: true },
  rate_limits: { enabled: false },
  // The cheapest that Argon2id allows: what is tested is not its cost.
  passwords: { memory_kib: 8, iterations: 1 },
};

/**
 * Starts a server in this process on a free port, with an empty database of its own. `config` overrides by section.
 * @param onLogLine gets every line that the server logs, of every level; without it faults are printed
 */
export async function startTestServer(
  config: ConfigInput = {},
  onLogLine?: (line: string) => void,
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'trellis-'));
  const database = await borrowTestDatabase(folder);
  const whole = makeConfig({
    ...DEFAULTS,
    ...config,
    registration: { ...DEFAULTS.registration, ...config.registration },
    data_dir: folder,
    database: { url: database.url, pool_size: 8 },
  });
  const log =
    onLogLine === undefined
      ? createLogger({ level: 'error', format: 'json' }, pino.destination({ dest: 2, sync: true }))
      : createLogger({ level: 'trace', format: 'json' }, { write: onLogLine });
  let running = await startServer(whole, { log, strictResponses: true });
  const server: TestServer = {
    get url() {
      return running.urls[0]!;
    },
    get domain() {
      return running.domain;
    },
    config: whole,
    api: (token) => new Api(running.urls[0]!, token),
    registerUser: (name, password = `password of ${name}`) => register(running, name, password),
    pause: () => running.stop(),
    restart: async () => {
      await running.stop();
      running = await startServer(whole, { log, strictResponses: true });
    },
    stop: async () => {
      await running.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}

async function register(running: RunningServer, username: string, password: string): Promise<TestUser> {
  const url = running.urls[0]!;
  const body = { username, password, auth: { type: 'm.login.dummy' } };
  const made = await new Api(url).call<{ user_id: string; device_id: string; access_token: string }>(
    'POST',
    '/_matrix/client/v3/register',
    { body },
  );
  const api = new Api(url, made.access_token);
  return { userId: made.user_id, deviceId: made.device_id, token: made.access_token, password, api };
}
