import type { Domain } from '#domain/domain';
import type { Logger } from '#kernel/logger';
import { Shutdown } from '#platform/lifecycle/shutdown';
import { systemNames, type Names } from '#platform/http-out/names';
import { createLogger } from '#platform/telemetry/logger';
import { Metrics } from '#platform/telemetry/metrics';
import { compose, type Composition } from './compose';
import type { Config } from './config/index';
import { createApp, isServedAt, type HttpPart } from './http/app';
import { openListener, type OpenListener } from './http/listener';
import { httpParts } from './http/parts';
import type { Machinery } from './machinery';
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
  /** Check every answer against its document, and fail the request on a mismatch. For tests. */
  readonly strictResponses?: boolean;
  /** Look-ups of other servers' names; the machine's own by default. */
  readonly names?: Names;
}

/** What was opened so far, to be closed in reverse. */
interface Opened {
  readonly database: OpenDatabase;
  readonly listeners: OpenListener[];
  composition?: Composition;
  parts?: readonly HttpPart[];
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
  const opened: Opened = {
    database: await openDatabase(config.database, log, metrics, () => void stop()),
    listeners: [],
  };
  let ended: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (ended = resolve));
  stop = once(() => closeAll(opened, shutdown, log).finally(ended));
  try {
    const { storage } = opened.database;
    const { serverSecret } = await settleIdentity(storage, config.server_name);
    const { strictResponses = false, names = systemNames } = options;
    const machinery = { config, storage, signingKey, serverSecret, log, metrics, shutdown, names, strictResponses };
    const urls = await open(machinery, opened);
    log.info({ server_name: config.server_name, urls }, 'ready');
    return { urls, domain: opened.composition!.domain, log, metrics, stopped, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the features and the doors, and lets requests in. Returns the listeners' addresses. */
async function open(machinery: Machinery, opened: Opened): Promise<string[]> {
  const composition = compose(machinery);
  opened.composition = composition;
  await composition.start();
  const parts = await httpParts(machinery, composition.domain);
  opened.parts = parts;
  for (const listener of machinery.config.listeners) {
    const open = await openListener(listener, createApp(listener, parts, machinery.log), machinery.log);
    opened.listeners.push(open);
    for (const part of parts) if (isServedAt(part, listener)) part.attach?.(open.server);
  }
  return opened.listeners.map(({ url }) => url);
}

async function closeAll(opened: Opened, shutdown: Shutdown, log: Logger): Promise<void> {
  const { database, listeners, composition, parts = [] } = opened;
  shutdown.begin();
  const sockets = parts.map((part) => part.stop?.());
  await Promise.all([...sockets, ...listeners.map((listener) => listener.close())]);
  await composition?.stop();
  await database.close();
  log.info({}, 'stopped');
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  // Not at once: the work may come back here before it has returned its promise.
  return () => (running ??= Promise.resolve().then(work));
}
