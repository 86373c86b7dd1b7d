import type { RequestHandler } from 'express';
import type { JsonObject } from '#kernel/json';
import type { Logger } from '#kernel/logger';
import { ClientAddresses } from './client-address';
import { isBrowserPath, PREFLIGHT_HEADERS } from './cors';
import type { ListenerOptions, RestOptions } from './door-options';
import { toWire } from './errors-to-wire';
import { Exchange } from './exchange';
import { RequestAborted } from './read-body';
import { unknownPath, wrongMethod } from './refusals';
import { splitTarget } from './request-target';
import { ResponseChecks } from './response-checks';
import type { RouteTrie } from './route-trie';
import { routesOf, type Route } from './routes';
import { discard, isHttpReply, sendJson, sendReply } from './send';
import { Service, type Served } from './serve';

/** The HTTP door of the five specifications: made once, asked for a handler by each listener. */
export interface RestDoor {
  /** A handler of the listener's resources. Paths that are none of Matrix' go on to the next handler. */
  handler(listener: ListenerOptions): RequestHandler;
  /** Makes the validators of these operations (`api/operationId`) before their first request. */
  warm(operations?: readonly string[]): void;
}

/** Those that a client's first minute needs. */
const HOT = ['sync', 'sendMessage', 'login', 'getRoomEvents', 'setTyping', 'postReceipt', 'joinRoom', 'createRoom'];

/** Makes the door. Only operations with a delegate answer; the others are 404 `M_UNRECOGNIZED` after authentication. */
export function createRestDoor(options: RestOptions): RestDoor {
  const shared: Shared = {
    service: new Service(options),
    checks: new ResponseChecks(options),
    logger: options.logger,
    observe: options.observe ?? (() => undefined),
  };
  return {
    handler: (listener) => {
      const trie = routesOf(options.contracts, options.delegates, listener, options.legacyGroups ?? []);
      const door = new ListenerDoor(shared, trie, new ClientAddresses(listener.trustedProxies));
      return (request, response, next) => {
        const target = splitTarget(request.originalUrl);
        if (!isMatrixPath(target.path)) next();
        else void door.handle(new Exchange(request, response, target, door.addresses.of(request)));
      };
    },
    warm: (operations = HOT.map((name) => `client-server/${name}`)) =>
      shared.service.validator.warm(options.contracts.filter(({ id }) => operations.includes(id))),
  };
}

interface Shared {
  readonly service: Service;
  readonly checks: ResponseChecks;
  readonly logger: Logger;
  readonly observe: (operation: string, status: number, seconds: number) => void;
}

function isMatrixPath(path: string): boolean {
  if (path.startsWith('/_matrix/')) return !isPage(path);
  return path.startsWith('/.well-known/matrix/') || path.startsWith('/_synapse/');
}

/** Pages for people under Matrix' own prefix, which no document describes: rest/extras serves them. */
function isPage(path: string): boolean {
  if (path.startsWith('/_matrix/static/')) return true;
  return path.endsWith('/fallback/web') && /^\/_matrix\/client\/\w+\/auth\//.test(path);
}

/** The door at one listener. */
class ListenerDoor {
  constructor(
    private readonly shared: Shared,
    private readonly trie: RouteTrie<Route>,
    readonly addresses: ClientAddresses,
  ) {}

  /** Answers a request, whatever happens; never rejects. */
  async handle(exchange: Exchange): Promise<void> {
    exchange.response.once('close', () => this.log(exchange));
    const browser = isBrowserPath(exchange.rawPath);
    if (browser && exchange.incoming.method === 'OPTIONS') {
      exchange.response.writeHead(204, PREFLIGHT_HEADERS).end();
      return;
    }
    let reached: string | undefined;
    try {
      const served = await this.serve(exchange, () => (reached = exchange.contract?.id));
      await this.send(exchange, served, browser);
    } catch (error) {
      this.sendError(exchange, error, reached, browser);
    }
  }

  private async serve(exchange: Exchange, onReach: () => void): Promise<Served> {
    const method = exchange.incoming.method ?? 'GET';
    const outcome = this.trie.match(method === 'HEAD' ? 'GET' : method, exchange.rawPath);
    if (outcome.kind === 'wrongMethod') throw wrongMethod(outcome.allow);
    if (outcome.kind === 'unknown') throw unknownPath();
    return this.shared.service.serve(exchange, outcome.route, outcome.path, onReach);
  }

  private async send(exchange: Exchange, { contract, reply, pair }: Served, browser: boolean): Promise<void> {
    const { response } = exchange;
    if (response.destroyed) return discard(reply);
    if (exchange.isUnread) response.shouldKeepAlive = false;
    if (contract.success.kind === 'http' || isHttpReply(reply)) {
      const http = isHttpReply(reply) ? reply : { status: 200, body: reply };
      this.shared.checks.check(contract, http.status, http.body);
      await sendReply(response, http, browser);
      return;
    }
    const { status } = contract.success;
    this.shared.checks.check(contract, status, reply);
    sendJson(response, status, pair ? [status, reply] : reply, browser);
  }

  private sendError(exchange: Exchange, error: unknown, reached: string | undefined, browser: boolean): void {
    const { response, requestId } = exchange;
    if (error instanceof RequestAborted || response.destroyed) return;
    const { status, body, headers, fault } = toWire(error, requestId, reached);
    if (fault) this.shared.logger.error({ requestId, operation: exchange.contract?.id, error }, 'A request failed');
    // Half an answer is out: the only honest end is a broken connection.
    if (response.headersSent) return void response.destroy();
    if (exchange.isUnread) response.shouldKeepAlive = false;
    sendJson(response, ...this.checkedError(exchange, status, body), browser, headers);
  }

  /** Refusals are answers too: one that its document does not allow becomes a fault, where answers are checked strictly. */
  private checkedError({ contract, requestId }: Exchange, status: number, body: JsonObject): [number, JsonObject] {
    if (contract === undefined || status >= 500) return [status, body];
    try {
      this.shared.checks.check(contract, status, body);
      return [status, body];
    } catch (error) {
      this.shared.logger.error({ requestId, operation: contract.id, error }, 'A refusal is not as specified');
      return [500, toWire(error, requestId, undefined).body];
    }
  }

  /** One line and one measurement for each request, without anything of its query, body or raw path. */
  private log(exchange: Exchange): void {
    const { requestId, contract, template, caller, ip, response, incoming } = exchange;
    const ms = performance.now() - exchange.startedAt;
    const status = response.writableFinished ? response.statusCode : 499;
    this.shared.observe(contract?.id ?? 'other', status, ms / 1000);
    const fields = {
      requestId,
      method: incoming.method,
      route: template,
      status,
      ms: Math.round(ms * 10) / 10,
      caller,
      ip,
    };
    this.shared.logger.info(fields, 'request');
  }
}
