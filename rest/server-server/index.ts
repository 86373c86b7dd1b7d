import type { Domain } from '#domain/domain';
import type { ServerServerServed } from '#rest/generated/index';
import { keysQuery } from './keys_query';
import { keysServer } from './keys_server';
import { version } from './version';
import { wellknown } from './wellknown';

/** What the delegates tell servers beside what the domain knows. */
export interface ServerServerOptions {
  /** Of this program. */
  readonly version: string;
  /** Host and port where other homeservers find this one, for domains that serve this program's well-known file. */
  readonly federationHost: string | undefined;
}

/** Everything that serves the server-server API. */
export const serverServerDelegates = (domain: Domain, options: ServerServerOptions): ServerServerServed => ({
  keysServer: keysServer(domain),
  keysQuery: keysQuery(domain),
  version: version(options.version),
  wellknown: wellknown(options.federationHost),
});
