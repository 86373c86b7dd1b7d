import {
  RemoteServerError,
  UnreachableServerError,
  type Endpoint,
  type Federation,
  type ServerRoute,
} from '#domain/federation';
import type { JsonValue } from '#kernel/json';
import { now } from '#kernel/time';
import type { HttpOut, OutgoingLimits, OutgoingRequest, Target } from '#platform/http-out/http-out';
import { OutgoingError } from '#platform/http-out/outgoing-error';
import type { OutboundRequest, RawReply, Transport } from '../runtime/transport';
import { limitsOf } from './federation-limits';
import { parseAnswer, readError } from './json-answers';
import { retryAfter } from './retry-after';

export interface CallOptions {
  /** Somebody waits for the answer: ask a server that is left alone too, unless it was tried just now. */
  readonly urgent?: boolean;
  /** Do not remember whether the server answers: for servers that strangers make us ask. */
  readonly untracked?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<OutgoingLimits>;
}

/** Carries the requests to one homeserver. Spec: server-server, "Server discovery", "Request Authentication". */
export class FederationTransport implements Transport {
  constructor(
    private readonly federation: Federation,
    private readonly http: HttpOut,
    private readonly destination: string,
    private readonly options: CallOptions,
  ) {}

  async json(request: OutboundRequest): Promise<{ readonly status: number; readonly body: JsonValue }> {
    return this.exchange(request, async (outgoing) => {
      const { status, body, headers } = await this.http.fetch(outgoing);
      if (status >= 200 && status < 300) return { status, body: parseAnswer(body, this.destination) };
      throw this.refusal(status, body, headers);
    });
  }

  async raw(request: OutboundRequest): Promise<RawReply> {
    return this.exchange(request, async (outgoing) => {
      const reply = await this.http.send(outgoing);
      if (reply.status >= 200 && reply.status < 300) return reply;
      reply.body.destroy();
      throw this.refusal(reply.status, Buffer.alloc(0), reply.headers);
    });
  }

  /** One request under the rules of back-off: what counts is whether the server is there, not whether it is content. */
  private async exchange<T>(request: OutboundRequest, send: (outgoing: OutgoingRequest) => Promise<T>): Promise<T> {
    const { federation, destination, options } = this;
    federation.rules.check(destination);
    if (destination === federation.serverName)
      throw new UnreachableServerError(destination, 'This is the server itself');
    const tracked = options.untracked !== true;
    const { urgent = false } = options;
    if (tracked) await federation.destinations.checkReady(destination, { urgent });
    try {
      const reply = await this.tryEach(await federation.discovery.resolve(destination), request, send);
      if (tracked) await federation.destinations.succeeded(destination);
      return reply;
    } catch (error) {
      if (tracked) await this.remember(error);
      throw this.explain(error);
    }
  }

  private async tryEach<T>(
    route: ServerRoute,
    request: OutboundRequest,
    send: (outgoing: OutgoingRequest) => Promise<T>,
  ): Promise<T> {
    const { endpoints } = route;
    const outgoing = this.sign(request);
    for (const [index, endpoint] of endpoints.entries()) {
      try {
        return await send({ ...outgoing, target: targetOf(route, endpoint) });
      } catch (error) {
        // Nothing is said twice: another endpoint may do better only when this one has heard nothing.
        const last = index === endpoints.length - 1;
        if (last || !(error instanceof OutgoingError) || !error.unsent) throw error;
      }
    }
    throw new OutgoingError('name', `${this.destination} has no address`);
  }

  private sign({ id, method, path, query, body }: OutboundRequest): Omit<OutgoingRequest, 'target'> {
    const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
    const uri = search === '' ? path : `${path}?${search}`;
    const { destination, options, federation } = this;
    const authorization = federation.requests.sign({ method, uri, destination, content: body });
    const { signal } = options;
    return {
      method: method as OutgoingRequest['method'],
      path: uri,
      headers: {
        authorization,
        accept: 'application/json',
        'user-agent': 'Trellis',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
      limits: { ...limitsOf(id), ...options.limits },
    };
  }

  private refusal(status: number, body: Buffer, headers: RawReply['headers']): RemoteServerError {
    const { errcode, error, json } = readError(body);
    const retryAfterMs = retryAfter(headers['retry-after'], json, now());
    return new RemoteServerError(this.destination, status, errcode, error ?? `status ${status}`, json, retryAfterMs);
  }

  private async remember(error: unknown): Promise<void> {
    const { destinations } = this.federation;
    if (error instanceof RemoteServerError && error.status < 500 && error.status !== 429) {
      await destinations.succeeded(this.destination);
    } else if (error instanceof RemoteServerError) {
      await destinations.failed(this.destination, error.retryAfterMs);
    } else if (error instanceof OutgoingError && error.problem !== 'aborted') {
      await destinations.failed(this.destination);
    }
  }

  private explain(error: unknown): unknown {
    if (!(error instanceof OutgoingError)) return error;
    const timedOut = error.problem === 'timeout';
    return new UnreachableServerError(this.destination, `${this.destination}: ${error.message}`, {
      timedOut,
      cause: error,
    });
  }
}

function targetOf({ certificateName, hostHeader }: ServerRoute, { host, port }: Endpoint): Target {
  return { scheme: 'https', host, port, certificateName, hostHeader };
}
