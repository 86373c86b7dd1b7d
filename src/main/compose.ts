import { Accounts, DEFAULT_PASSWORDS } from '#domain/accounts';
import { Devices } from '#domain/devices';
import type { Domain } from '#domain/domain';
import { DEFAULT_SESSIONS, Sessions } from '#domain/sessions';
import { now } from '#kernel/time';
import type { Machinery } from './machinery';

/** The features, and the work that goes on between requests. */
export interface Composition {
  readonly domain: Domain;
  /** Starts background work. */
  start(): void;
  /** Ends it, writing down what is only remembered. The storage is still open. */
  stop(): Promise<void>;
}

/** Makes every feature, in the order of `features.json`: a feature gets only what stands above it. */
export function compose({ config, storage, log }: Machinery): Composition {
  const onError = (error: unknown) => log.error({ error }, 'background work failed');

  const accounts = new Accounts(storage, { serverName: config.server_name, passwords: DEFAULT_PASSWORDS }, now);
  const devices = new Devices(storage, now, onError);
  const sessions = new Sessions(storage, accounts, devices, DEFAULT_SESSIONS, now);

  return {
    domain: { accounts, devices, sessions },
    start: () => devices.lastSeen.start(),
    stop: () => devices.lastSeen.stop(),
  };
}
