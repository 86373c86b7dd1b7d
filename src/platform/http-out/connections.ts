import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { buildConnector, Pool } from 'undici';
import { isPublicAddress } from './address-rules';
import type { Names } from './names';
import { asUnsentError, OutgoingError } from './outgoing-error';

/** What one use of the outgoing agent may do. */
export interface OutgoingPolicy {
  /** Also connect to private and loopback addresses. */
  readonly allowPrivateNetworks: boolean;
  /** Certificate authorities to trust beside the usual ones, PEM. */
  readonly caCertificates: readonly string[];
}

/** Where a request goes, as far as connections are concerned. */
export interface Target {
  readonly scheme: 'http' | 'https';
  /** A name to look up, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whose certificate the other side must have; `host` by default. An IP address is checked as such and sends no SNI. */
  readonly certificateName?: string;
  /** The `Host` header; host and port by default. */
  readonly hostHeader?: string;
}

const MAX_POOLS = 1_000;
const CONNECTIONS_PER_TARGET = 8;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
/** Beyond the round trip to any host: an address that is given up is not tried again, even if it is the only good one. */
const NEXT_ADDRESS_AFTER_MS = 1_000;

/**
 * Open connections, pooled by target. The address is checked in the look-up that the socket itself connects by, so that
 * a name cannot be one thing when checked and another when used. SECURITY: rows 8, 20, 46.
 */
export class Connections {
  private readonly pools = new LRUCache<string, Pool>({
    max: MAX_POOLS,
    // Requests under way finish; idle connections close.
    dispose: (pool) => void pool.close().catch(() => undefined),
  });
  private readonly secureContext: SecureContext;

  constructor(
    private readonly names: Names,
    private readonly policy: OutgoingPolicy,
  ) {
    const { caCertificates } = policy;
    const ca = caCertificates.length === 0 ? undefined : [...rootCertificates, ...caCertificates];
    // Made once: reading all authorities anew for every connection takes longer than the handshake.
    this.secureContext = createSecureContext({ ca, minVersion: 'TLSv1.2' });
  }

  /** The pool of a target; made when first asked for. */
  to(target: Target): Pool {
    const key = JSON.stringify([target.scheme, target.host, target.port, target.certificateName, target.hostHeader]);
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    const pool = new Pool(originOf(target), {
      connections: CONNECTIONS_PER_TARGET,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: 2 * KEEP_ALIVE_MS,
      connect: this.connector(target),
    });
    this.pools.set(key, pool);
    return pool;
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    const pools = [...this.pools.values()];
    await Promise.all(pools.map((pool) => pool.destroy()));
    this.pools.clear();
  }

  private connector({ host, certificateName = host }: Target): buildConnector.connector {
    const connect = buildConnector({
      secureContext: this.secureContext,
      lookup: this.lookup,
      timeout: CONNECT_TIMEOUT_MS,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
      allowH2: false,
    });
    const servername = isIP(certificateName) === 0 ? certificateName : '';
    return (options, callback) => {
      // Sockets look nothing up for an address. By now the URL's parser has made addresses of names such as `2130706433`.
      const literal = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(literal) !== 0 && !this.allows(literal)) return callback(asUnsentError(denied(host)), null);
      connect({ ...options, servername }, (...outcome) =>
        outcome[0] === null ? callback(null, outcome[1]) : callback(asUnsentError(outcome[0]), null),
      );
    };
  }

  private readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.permitted(hostname).then(
      (addresses) => {
        if (options.all === true) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };

  private async permitted(hostname: string): Promise<{ address: string; family: number }[]> {
    const all = await this.names.addresses(hostname);
    const permitted = all.filter(({ address }) => this.allows(address));
    if (all.length === 0) throw new OutgoingError('name', `${hostname} has no address`);
    if (permitted.length === 0) throw denied(hostname);
    return permitted.map(({ address, family }) => ({ address, family }));
  }

  private allows(address: string): boolean {
    return this.policy.allowPrivateNetworks || isPublicAddress(address);
  }
}

/** As in `https://example.org:8448`, with brackets around IPv6. */
export function originOf({ scheme, host, port }: Target): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function denied(host: string): OutgoingError {
  return new OutgoingError('denied', `${host} leads to a private network`);
}
