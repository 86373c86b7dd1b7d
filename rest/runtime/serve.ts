import { InvalidParamError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { asksElsewhere } from './asks-elsewhere';
import { authenticateServer, authenticateToken, type AnyRequester, type Authenticators } from './authenticate';
import { limitKey } from './client-address';
import type { OperationContract } from './contract';
import { DEFAULT_BODY_LIMITS, type BodyLimits, type RestOptions } from './door-options';
import type { Exchange } from './exchange';
import { parseQuery } from './query-string';
import { RateLimits } from './rate-limits';
import { checkBodyHeaders, limitedStream, readBody } from './read-body';
import { unknownPath } from './refusals';
import { decodePart } from './request-target';
import { RequestValidator } from './request-validator';
import { operationFor, type Route } from './routes';
import { CLIENT_JSON, parseJsonBody, SERVER_JSON } from './strict-json';

/** What a delegate answered, and in which operation. */
export interface Served {
  readonly contract: OperationContract;
  readonly reply: unknown;
  /** The old path wants `[status, body]`. */
  readonly pair: boolean;
}

/** A body as read: what the delegate gets, and whether there was anything on the wire. */
interface Body {
  readonly value: JsonObject | undefined;
  readonly sent: boolean;
}

const NO_BODY: Body = { value: undefined, sent: false };

/** Takes a matched request through authentication, limits, body and validation to its delegate, in this order always. */
export class Service {
  readonly validator: RequestValidator;
  private readonly limits: RateLimits;
  private readonly bodyLimits: BodyLimits;
  private readonly ports: Authenticators;
  private readonly serverName: string;

  constructor(options: RestOptions) {
    this.validator = new RequestValidator(options.documents);
    this.limits = new RateLimits(options.rateLimits, options.isExemptFromLimits, options.limiterStore);
    this.bodyLimits = {
      ...DEFAULT_BODY_LIMITS,
      ...options.bodyLimits,
      operations: { ...DEFAULT_BODY_LIMITS.operations, ...options.bodyLimits?.operations },
    };
    this.ports = options.authenticate;
    this.serverName = options.serverName;
  }

  /** Rejects with a MatrixError for the client, or whatever else went wrong. `onReach` hears when the delegate starts. */
  async serve(
    exchange: Exchange,
    route: Route,
    rawPath: Readonly<Record<string, string>>,
    onReach: () => void,
  ): Promise<Served> {
    const { lead } = route;
    exchange.contract = lead;
    exchange.template = route.template;
    const path = decodePath(rawPath);
    const query = parseQuery(exchange.target.query, lead.arrayQuery);
    const user = await authenticateToken(lead, this.ports, exchange.incoming, query, exchange.ip);
    exchange.caller = user?.userId;
    await this.limits.check(lead, user, exchange.ip);
    if (asksElsewhere(lead.id, this.serverName, path, query)) await this.limits.checkRemote(user, exchange.ip);
    checkFixed(path, route);
    const signed = lead.auth === 'signedRequest';
    if (!signed && isGap(route)) throw unknownPath();
    const body = await this.bodyOf(exchange, lead);
    const requester = signed ? await this.signer(exchange, lead, body) : user;
    const operation = operationFor(route, query, body.value ?? {});
    exchange.contract = operation.contract;
    if (operation.delegate === undefined) throw unknownPath();
    this.validator.check(operation.contract, { path, query, body: body.value });
    onReach();
    const call = { path, query, body: body.value, header: exchange.incoming.headers, request: exchange, requester };
    return { contract: operation.contract, reply: await operation.delegate(call), pair: route.old.pair === true };
  }

  private async bodyOf(exchange: Exchange, contract: OperationContract): Promise<Body> {
    if (contract.body === 'none') return NO_BODY;
    const binary = contract.body === 'binary';
    const limit = this.bodyLimits.operations[contract.id] ?? (binary ? this.bodyLimits.binary : this.bodyLimits.json);
    checkBodyHeaders(exchange.incoming, limit);
    if (binary) {
      exchange.stream = limitedStream(exchange.incoming, limit);
      return NO_BODY;
    }
    const bytes = await readBody(exchange.incoming, limit);
    const rules =
      contract.api === 'server-server' || contract.api === 'application-service' ? SERVER_JSON : CLIENT_JSON;
    return { value: parseJsonBody(bytes, rules), sent: bytes.length > 0 };
  }

  private async signer(exchange: Exchange, lead: OperationContract, body: Body): Promise<AnyRequester> {
    const { uri } = exchange.target;
    const signed = { uri, content: body.sent ? body.value : undefined, client: limitKey(exchange.ip) };
    const requester = await authenticateServer(this.ports, exchange.incoming, signed);
    exchange.caller = requester.origin;
    await this.limits.checkServer(lead, requester);
    return requester;
  }
}

/** Throws `M_INVALID_PARAM` for another value than the one that a parameter of an old path may have. */
function checkFixed(path: Readonly<Record<string, string>>, { old: { only } }: Route): void {
  for (const name in only) {
    if (path[name] !== only[name]) throw new InvalidParamError(`Unknown ${name}`);
  }
}

function isGap(route: Route): boolean {
  return route.operations.every(({ delegate }) => delegate === undefined);
}

/** Decodes each parameter once. Throws 400 for bad escapes, `M_INVALID_PARAM` for NUL characters, which no name has. */
function decodePath(raw: Readonly<Record<string, string>>): Record<string, string> {
  const path: Record<string, string> = {};
  for (const name in raw) {
    const value = decodePart(raw[name] as string);
    if (value === undefined) throw new InvalidParamError(`Bad percent-encoding in ${name}`);
    if (value.includes('\0')) throw new InvalidParamError(`NUL character in ${name}`);
    path[name] = value;
  }
  return path;
}
