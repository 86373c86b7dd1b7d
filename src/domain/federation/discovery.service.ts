import { randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { parseServerName, readServerName, type ServerName } from '#kernel/server-names';
import type { Names, ServiceRecord } from '#platform/http-out/names';

/** Somewhere to connect to: a name to look up or an IP address without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How to reach a server. */
export interface ServerRoute {
  /** In the order to try them. */
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
const MAX_SERVICES = 20_000;

/**
 * Finds servers by their names. Both kinds of look-up are cached, within bounds; addresses are looked up by each new
 * connection. Spec: server-server, "Resolving server names".
 */
export class Discovery {
  private readonly services = new LRUCache<string, readonly ServiceRecord[]>({
    max: MAX_SERVICES,
    ttl: SERVICES_LIFE_MS,
  });

  constructor(private readonly sources: DiscoverySources) {}

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
      const endpoints = inOrder(await this.lookUp(service));
      if (endpoints.length > 0) return { ...named, endpoints };
    }
    return { ...named, endpoints: [{ host, port: FEDERATION_PORT }] };
  }

  /** A fault of the look-up counts as no record: the certificate is checked against the host's name all the same. */
  private async lookUp(service: string): Promise<readonly ServiceRecord[]> {
    const key = service.toLowerCase();
    const known = this.services.get(key);
    if (known !== undefined) return known;
    const found = await this.sources.services(service).catch(() => []);
    this.services.set(key, found);
    return found;
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
  const left = records.filter(({ name }) => name !== '' && name !== '.').sort((a, b) => a.priority - b.priority);
  const ordered: Endpoint[] = [];
  while (left.length > 0) {
    const equals = left.filter(({ priority }) => priority === left[0]!.priority);
    const chosen = equals[pick(equals.map(({ weight }) => weight))]!;
    left.splice(left.indexOf(chosen), 1);
    ordered.push({ host: chosen.name.replace(/\.$/, ''), port: chosen.port });
  }
  return ordered;
}

function pick(weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let at = randomInt(sum + 1);
  return Math.max(
    0,
    weights.findIndex((weight) => (at -= weight) <= 0),
  );
}
