import { silentLogger } from '#kernel/logger';
import type { Domain } from '#domain/domain';
import { Shutdown } from '#platform/lifecycle/shutdown';
import type { Storage } from '#platform/storage/storage';
import { systemNames } from '#platform/http-out/names';
import { Metrics } from '#platform/telemetry/metrics';
import { compose } from '../compose';
import type { Config } from '../config/index';
import { settleIdentity } from '../setup/identity-of-server';
import { loadOrCreateSigningKey } from '../setup/signing-key-file';
import { openDatabase } from '../storage/open-database';

/**
 * Runs `work` on the domain with no listener open, as the database's only user, and closes everything again.
 * @throws DatabaseInUseError while the server runs
 */
export async function withDomain<T>(
  config: Config,
  work: (domain: Domain, storage: Storage) => Promise<T>,
): Promise<T> {
  const log = silentLogger;
  const metrics = new Metrics();
  const shutdown = new Shutdown();
  const { storage, close } = await openDatabase(config.database, log, metrics, () => shutdown.begin());
  try {
    const { serverSecret } = await settleIdentity(storage, config.server_name);
    const signingKey = loadOrCreateSigningKey(config.signing_key);
    const names = systemNames;
    const secrets = { signingKey, serverSecret };
    const machinery = { config, storage, ...secrets, log, metrics, shutdown, names, strictResponses: false };
    const composition = compose(machinery);
    const result = await work(composition.domain, storage);
    await composition.stop();
    return result;
  } finally {
    shutdown.begin();
    await close();
  }
}
