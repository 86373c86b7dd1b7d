import { randomBytes } from 'node:crypto';
import { settleSetting } from '#platform/storage/settings';
import type { Storage } from '#platform/storage/storage';
import { ConfigError } from '../config/config-error';

/** What belongs to a database for good. */
export interface ServerSecrets {
  /** 32 random bytes, made on first start, for everything that this server signs for itself alone. */
  readonly serverSecret: Buffer;
}

/**
 * Ties the database to the server's name on first start and makes its secret.
 * @throws ConfigError when the database belongs to another name: all ids in it would be wrong
 */
export async function settleIdentity(storage: Storage, serverName: string): Promise<ServerSecrets> {
  const owner = await settleSetting(storage, 'server_name', () => serverName);
  if (owner !== serverName) {
    throw new ConfigError([`server_name: this database belongs to ${owner}, and the name can never change`]);
  }
  const secret = await settleSetting(storage, 'server_secret', () => randomBytes(32).toString('base64'));
  return { serverSecret: Buffer.from(secret, 'base64') };
}
