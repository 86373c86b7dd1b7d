import type { Domain } from '#domain/domain';
import type { Logger } from '#kernel/logger';
import { Shutdown } from '#platform/lifecycle/shutdown';
import { createLogger } from '#platform/telemetry/logger';
import { Metrics } from '#platform/telemetry/metrics';
import { compose, type Machinery } from './compose';
import type { Config } from './config/index';
import { createApp } from './http/app';
import { openListener, type OpenListener } from './http/listener';
import { httpParts } from './http/parts';
import { settleIdentity } from './setup/identity-of-server';
import { loadOrCreateSigningKey } from './setup/signing-key-file';
import { openDatabase, type OpenDatabase } from './storage/open-database';

export interface RunningServer {
  /** One per listener, in their order. */
  readonly urls: readonly string[];
  readonly domain: Domain;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Settles when the server has stopped, whoever asked. */
  readonly stopped: Promise<void>;
  /** Answers what is open, finishes writing, closes everything. Calling it again waits for the same. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly log?: Logger;
}

/**
 * Starts the server: first-run set-up, database, features, listeners. When a step fails, what was opened is closed again.
 * @throws ConfigError, DatabaseInUseError, or the operating system's error for an address in use
 */
export async function startServer(config: Config, options: StartOptions = {}): Promise<RunningServer> {
  const log = options.log ?? createLogger(config.log);
  const signingKey = loadOrCreateSigningKey(config.signing_key);
  const shutdown = new Shutdown();
  const metrics = new Metrics();
  let stop: () => Promise<void> = async () => undefined;
  const database = await openDatabase(config.database, log, () => void stop());
  const listeners: OpenListener[] = [];
  let ended: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (ended = resolve));
  stop = once(() => closeAll(shutdown, listeners, database, log).finally(ended));
  try {
    const identity = await settleIdentity(database.storage, config.server_name);
    const machinery: Machinery = { config, storage: database.storage, signingKey, log, metrics, shutdown, ...identity };
    const domain = compose(machinery);
    const parts = httpParts(machinery, domain);
    for (const listener of config.listeners) listeners.push(await openListener(listener, createApp(listener, parts)));
    const urls = listeners.map(({ url }) => url);
    log.info({ server_name: config.server_name, urls }, 'ready');
    return { urls, domain, log, metrics, stopped, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function closeAll(shutdown: Shutdown, listeners: OpenListener[], database: OpenDatabase, log: Logger) {
  shutdown.begin();
  await Promise.all(listeners.map((listener) => listener.close()));
  await database.close();
  log.info({}, 'stopped');
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
