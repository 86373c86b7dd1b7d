import { randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { parseServerName, readServerName, type ServerName } from '#kernel/server-names';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { HttpOut } from '#platform/http-out/http-out';
import type { Names, ServiceRecord } from '#platform/http-out/names';
import { WellKnown } from './well-known.service';

/** Somewhere to connect to: a name to look up or an IP address without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How to reach a server. */
export interface ServerRoute {
  /** In the order to try them; none when the domain says that it has no such service. */
  readonly endpoints: readonly Endpoint[];
  /** The name or IP address that the certificate must be for. */
  readonly certificateName: string;
  readonly hostHeader: string;
}

/** Where discovery asks. */
export interface DiscoverySources {
  /** The `m.server` of a host's well-known file, if it has a usable one. */
  delegate(host: string): Promise<string | undefined>;
  services: Names['services'];
}

export const FEDERATION_PORT = 8448;
const SERVICES_LIFE_MS = 10 * 60_000;
/** After a look-up that failed; no longer, since the fault may be that of our own network. */
const FAULT_LIFE_MS = 30_000;
const MAX_SERVICES = 20_000;
/** Each may cost a time-out, and whoever is looked for decides how many there are. */
const MAX_ENDPOINTS = 5;

/** What is known of one service's records. */
interface Services {
  readonly records: readonly ServiceRecord[];
  readonly expires: number;
}

/**
 * Finds servers by their names. Both kinds of look-up are cached, within bounds; addresses are looked up by each new
 * connection. Spec: server-server, "Resolving server names".
 */
export class Discovery {
  private readonly services = new LRUCache<string, Services>(atMost(MAX_SERVICES));

  constructor(
    private readonly sources: DiscoverySources,
    private readonly now: Clock,
  ) {}

  /** Discovery that asks the network: well-known files by `http`, services by `names`. */
  static over(http: Pick<HttpOut, 'fetch'>, names: Names, now: Clock): Discovery {
    const wellKnown = new WellKnown(http, now);
    return new Discovery(
      { delegate: (host) => wellKnown.delegate(host), services: (name) => names.services(name) },
      now,
    );
  }

  /** @throws InvalidParamError for what is no server name */
  async resolve(serverName: string): Promise<ServerRoute> {
    const name = parseServerName(serverName);
    const direct = withoutLookup(name);
    if (direct !== undefined) return direct;
    const delegated = readServerName((await this.sources.delegate(name.host)) ?? '');
    if (delegated === undefined) return this.byServices(name.host);
    return withoutLookup(delegated) ?? this.byServices(delegated.host);
  }

  /** SRV of today's service, then of the deprecated one, then the host itself. */
  private async byServices(host: string): Promise<ServerRoute> {
    const named = { certificateName: host, hostHeader: host };
    for (const service of [`_matrix-fed._tcp.${host}`, `_matrix._tcp.${host}`]) {
      const records = await this.lookUp(service);
      if (records.length > 0) return { ...named, endpoints: inOrder(records) };
    }
    return { ...named, endpoints: [{ host, port: FEDERATION_PORT }] };
  }

  /**
   * A fault of the look-up changes nothing of what was known before; then, or when nothing was known, it is tried again soon.
   * Going on without records is safe: the certificate is checked against the host's name all the same.
   */
  private async lookUp(service: string): Promise<readonly ServiceRecord[]> {
    const key = service.toLowerCase();
    const known = this.services.get(key);
    if (known !== undefined && known.expires > this.now()) return known.records;
    const found = await this.sources.services(service).catch(() => undefined);
    const records = found ?? known?.records ?? [];
    this.services.set(key, { records, expires: this.now() + (found === undefined ? FAULT_LIFE_MS : SERVICES_LIFE_MS) });
    return records;
  }
}

/** Steps 1 and 2, and 3.1 and 3.2: IP addresses and names with a port are where they say. */
function withoutLookup({ host, port, isIpLiteral }: ServerName): ServerRoute | undefined {
  if (!isIpLiteral && port === undefined) return undefined;
  const plain = host.replace(/^\[|\]$/g, '');
  return {
    endpoints: [{ host: plain, port: port ?? FEDERATION_PORT }],
    certificateName: plain,
    hostHeader: port === undefined ? host : `${host}:${port}`,
  };
}

/** By priority, and among equals at random by weight. A target of "." means that there is no such service. RFC 2782. */
function inOrder(records: readonly ServiceRecord[]): Endpoint[] {
  const left = records
    .filter(({ name }) => name !== '' && name !== '.')
    .sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: Endpoint[] = [];
  while (left.length > 0 && ordered.length < MAX_ENDPOINTS) {
    const equals = left.filter(({ priority }) => priority === left[0]!.priority);
    const chosen = equals[pick(equals.map(({ weight }) => weight))]!;
    left.splice(left.indexOf(chosen), 1);
    ordered.push({ host: chosen.name.replace(/\.$/, ''), port: chosen.port });
  }
  return ordered;
}

/** The index of one weight, in rising order, by chance in proportion to them; those of 0 have a very small one. */
function pick(weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return randomInt(weights.length);
  let at = randomInt(sum + 1);
  return weights.findIndex((weight) => (at -= weight) <= 0);
}
