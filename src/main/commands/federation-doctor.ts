import { isIP } from 'node:net';
import { Discovery, type Endpoint, type ServerRoute } from '#domain/federation';
import { isJsonObject, type JsonValue } from '#kernel/json';
import { parseServerName } from '#kernel/server-names';
import type { Clock } from '#kernel/time';
import { isPublicAddress } from '#platform/http-out/address-rules';
import { originOf } from '#platform/http-out/connections';
import type { HttpOut, OutgoingResponse } from '#platform/http-out/http-out';
import type { Names } from '#platform/http-out/names';
import { asOutgoingError, type OutgoingProblem } from '#platform/http-out/outgoing-error';
import { ownValue } from '#protocol/json-access';
import { readKeyDocument, type SigningKey } from '#protocol/signing/index';
import type { Config } from '../config/index';
import type { Finding } from './finding';

const LIMITS = { totalMs: 10_000, headersMs: 10_000, bytes: 1024 * 1024 };
/** Answers tell whole seconds, and take a moment to come. */
const CLOCK_SAME_MS = 2_000;
/** Keys and restarts are forgiving; people who read times are not. */
const CLOCK_OFF_MS = 60_000;
const KEYS_PATH = '/_matrix/key/v2/server';

/** What looking at this server from outside needs. */
export interface FederationDoctorParts {
  readonly config: Pick<Config, 'server_name' | 'federation'>;
  readonly signingKey: Pick<SigningKey, 'keyId' | 'publicKey'>;
  /** Must reach private addresses too: seen from the machine itself, a public name may lead to one. */
  readonly http: Pick<HttpOut, 'fetch'>;
  readonly names: Names;
  readonly now: Clock;
}

interface Answer {
  readonly status: number;
  readonly json: JsonValue | undefined;
}

/**
 * Looks for this server as other servers do: by its name alone, over TLS, up to the keys that it publishes; then asks the
 * trusted key servers what they see. Spec: server-server, "Resolving server names", "Publishing Keys".
 */
export class FederationDoctor {
  private readonly discovery: Discovery;
  /** Of those who answered: how far they are ahead of ours. */
  private readonly clocks: { readonly whose: string; readonly aheadMs: number }[] = [];

  constructor(private readonly parts: FederationDoctorParts) {
    this.discovery = Discovery.over(parts.http, parts.names, parts.now);
  }

  /** Everything found, in the order in which it is to be solved. */
  async examine(): Promise<Finding[]> {
    const { config } = this.parts;
    if (!config.federation.enabled) return [ok('federation', 'switched off (federation.enabled)')];
    if (config.server_name === 'localhost')
      return [ok('federation', 'server_name is localhost, which nobody else can look for')];
    const route = await this.discovery.resolve(config.server_name);
    const found = [this.way(route)];
    for (const endpoint of route.endpoints) found.push(...(await this.place(route, endpoint)));
    for (const notary of config.federation.trusted_key_servers) found.push(await this.asSeenBy(notary));
    return [...found, this.clock()];
  }

  /** Whether the name leads where the configuration says. */
  private way({ endpoints, hostHeader, certificateName }: ServerRoute): Finding {
    const { server_name: serverName, federation } = this.parts.config;
    const { host, port, isIpLiteral } = parseServerName(serverName);
    const wanted = federation.delegated_server_name;
    if (wanted !== null && (port !== undefined || isIpLiteral)) {
      const why = 'nobody asks for a well-known file of a name with a port or of an IP address';
      return warning('discovery', `federation.delegated_server_name has no effect: ${why}`);
    }
    const file = `https://${host}/.well-known/matrix/server`;
    if (wanted !== null && wanted.toLowerCase() !== hostHeader.toLowerCase()) {
      const instead = hostHeader === serverName ? 'no server' : hostHeader;
      const answer = JSON.stringify({ 'm.server': wanted });
      const text = `${file} names ${instead}, but federation.delegated_server_name is ${wanted}; it must answer ${answer}`;
      return problem('discovery', text);
    }
    if (endpoints.length === 0)
      return problem('discovery', `the SRV records of ${certificateName} say that no Matrix server is there`);
    const by = [
      ...(hostHeader === serverName ? [] : [`${file} names ${hostHeader}`]),
      ...(endpoints[0]!.host === certificateName ? [] : [`SRV records of ${certificateName}`]),
    ];
    const why = by.length === 0 ? '' : ` (${by.join(', ')})`;
    return ok('discovery', `${serverName} leads to ${endpoints.map(printPlace).join(', ')}${why}`);
  }

  /** Whether this server answers at one of the places that its name leads to, with the right certificate and keys. */
  private async place(route: ServerRoute, endpoint: Endpoint): Promise<Finding[]> {
    const at = printPlace(endpoint);
    let answer: Answer;
    try {
      answer = await this.ask(at, route, endpoint, KEYS_PATH);
    } catch (error) {
      const { problem: kind, message } = asOutgoingError(error);
      return [problem('reachable', `${at}: ${explain(kind, route, endpoint)} (${message})`)];
    }
    const { certificateName } = route;
    const reached = ok('reachable', `${at} answers, with a certificate that is good for ${certificateName}`);
    return [(await this.privateAddress(endpoint)) ?? reached, this.keys(at, answer)];
  }

  private async privateAddress({ host, port }: Endpoint): Promise<Finding | undefined> {
    const { names, config } = this.parts;
    if (config.federation.allow_private_networks) return undefined;
    const addresses = isIP(host) === 0 ? (await names.addresses(host)).map(({ address }) => address) : [host];
    if (addresses.some(isPublicAddress)) return undefined;
    const text = `${printPlace({ host, port })} answers, but leads to ${addresses.join(', ')} as seen from here`;
    return warning('reachable', `${text}: other servers connect to public addresses only, so try it from outside too`);
  }

  private keys(at: string, { status, json }: Answer): Finding {
    const { config, signingKey, now } = this.parts;
    const { server_name: serverName } = config;
    if (status !== 200 || json === undefined) {
      const said = status === 200 ? 'no JSON' : `status ${status}`;
      const hint = 'is federation among the resources of the listener, and does the proxy pass /_matrix on?';
      return problem('keys', `${at} answers ${KEYS_PATH} with ${said}: ${hint}`);
    }
    const document = readKeyDocument(json, serverName);
    if (document === undefined)
      return problem('keys', `${at} publishes no keys that are signed by ${serverName}: another server answers there`);
    const { keyId, publicKey } = signingKey;
    if (document.verifyKeys.get(keyId) !== publicKey) {
      const keys = [...document.verifyKeys.keys()].join(', ');
      const hint = 'another server answers there, or this one was not restarted since the key was replaced';
      return problem('keys', `${at} signs with ${keys}, which is not the ${keyId} of signing_key: ${hint}`);
    }
    if (document.validUntilTs <= now()) return problem('keys', `${at} publishes keys whose time is over`);
    return ok('keys', `${at} publishes ${keyId}, signed with signing_key`);
  }

  /** What a server elsewhere, which asks for our keys by name too, knows of us. */
  private async asSeenBy(notary: string): Promise<Finding> {
    const { config, signingKey } = this.parts;
    const { server_name: serverName } = config;
    const name = `seen by ${notary}`;
    try {
      const route = await this.discovery.resolve(notary);
      const endpoint = route.endpoints[0];
      if (endpoint === undefined) return warning(name, `${notary} has no address`);
      const path = `/_matrix/key/v2/query/${encodeURIComponent(serverName)}`;
      const { json } = await this.ask(notary, route, endpoint, path);
      const documents = ownValue(isJsonObject(json) ? json : undefined, 'server_keys');
      const read = (Array.isArray(documents) ? documents : []).map((one) => readKeyDocument(one, serverName));
      const isKnown = read.some((one) => one?.verifyKeys.get(signingKey.keyId) === signingKey.publicKey);
      if (isKnown) return ok(name, `it has our key ${signingKey.keyId}`);
      const known = read.some((one) => one !== undefined) ? 'it knows only other keys' : 'it does not find us';
      return problem(name, `${known}; servers that failed wait before they ask again, so try later once more`);
    } catch (error) {
      return warning(name, `it does not answer (${asOutgoingError(error).message})`);
    }
  }

  /** By the clocks of all who answered. */
  private clock(): Finding {
    if (this.clocks.length === 0) return warning('clock', 'nobody answered whose clock could be compared');
    const [worst] = [...this.clocks].sort((a, b) => Math.abs(b.aheadMs) - Math.abs(a.aheadMs));
    const { whose, aheadMs } = worst!;
    const seconds = Math.round(Math.abs(aheadMs) / 1_000);
    const text = `${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${whose}`;
    if (Math.abs(aheadMs) > CLOCK_OFF_MS) return problem('clock', `${text}; keep this machine's clock synchronised`);
    return ok('clock', Math.abs(aheadMs) < CLOCK_SAME_MS ? `the same as that of ${whose}` : text);
  }

  private async ask(whose: string, route: ServerRoute, endpoint: Endpoint, path: string): Promise<Answer> {
    const { certificateName, hostHeader } = route;
    const target = { scheme: 'https', ...endpoint, certificateName, hostHeader } as const;
    const response = await this.parts.http.fetch({ method: 'GET', target, path, limits: LIMITS });
    const date = Date.parse(response.headers['date'] ?? '');
    if (!Number.isNaN(date)) this.clocks.push({ whose, aheadMs: date - this.parts.now() });
    return { status: response.status, json: jsonOf(response) };
  }
}

const ok = (name: string, text: string): Finding => ({ level: 'ok', name, text });
const warning = (name: string, text: string): Finding => ({ level: 'warning', name, text });
const problem = (name: string, text: string): Finding => ({ level: 'PROBLEM', name, text });

const printPlace = (endpoint: Endpoint): string => originOf({ scheme: 'https', ...endpoint }).slice('https://'.length);

function explain(kind: OutgoingProblem, { certificateName }: ServerRoute, { host, port }: Endpoint): string {
  switch (kind) {
    case 'certificate':
      return `the certificate is not good for ${certificateName}`;
    case 'name':
      return `${host} has no address; add it to the DNS`;
    case 'connection':
    case 'timeout':
      return `no server answers; does ${host} lead to this machine, is port ${port} open, is the server running?`;
    default:
      return 'no usable answer';
  }
}

function jsonOf({ body }: OutgoingResponse<Buffer>): JsonValue | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
}
