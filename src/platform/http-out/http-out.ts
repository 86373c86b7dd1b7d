import type { Readable } from 'node:stream';
import { isIP } from 'node:net';
import { ACCEPT_ENCODING, limitedBody } from './body';
import { Connections, originOf, type OutgoingPolicy, type Target } from './connections';
import type { Names } from './names';
import { asOutgoingError, OutgoingError } from './outgoing-error';

export type { OutgoingPolicy, Target } from './connections';

/** What a request may cost. Times in milliseconds. */
export interface OutgoingLimits {
  /** The whole exchange: waiting for a connection, redirects and the body included. */
  readonly totalMs: number;
  /** From sending the request to the answer's headers. */
  readonly headersMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** The body, on the wire and unpacked. */
  readonly bytes: number;
  /** Redirects to follow, of GET only; 0 gives redirects back as answers. */
  readonly redirects: number;
}

export const DEFAULT_LIMITS: OutgoingLimits = {
  totalMs: 60_000,
  headersMs: 60_000,
  idleMs: 20_000,
  bytes: 10 * 1024 * 1024,
  redirects: 0,
};

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly target: Target;
  /** Path and query, already encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly limits?: Partial<OutgoingLimits>;
  readonly signal?: AbortSignal;
}

/** An answer, whatever its status. */
export interface OutgoingResponse<Body> {
  readonly status: number;
  /** Names in lower case; repeated ones joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The media type alone, in lower case, as in `application/json`; empty when none is given. */
  readonly contentType: string;
  readonly body: Body;
}

interface Flight {
  readonly limits: OutgoingLimits;
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/**
 * All requests of this program to others go through here, one instance for each kind of use with its policy. Rejects
 * with {@link OutgoingError}s only.
 */
export class HttpOut {
  private readonly connections: Connections;

  constructor(names: Names, policy: OutgoingPolicy) {
    this.connections = new Connections(names, policy);
  }

  /** The answer with its whole body. */
  async fetch(request: OutgoingRequest): Promise<OutgoingResponse<Buffer>> {
    const response = await this.send(request);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response.body) chunks.push(chunk as Buffer);
      return { ...response, body: Buffer.concat(chunks) };
    } catch (error) {
      throw asOutgoingError(error);
    }
  }

  /** The answer as soon as its headers are there. The body must be read or destroyed. */
  async send(request: OutgoingRequest): Promise<OutgoingResponse<Readable>> {
    const flight = takeOff(request);
    try {
      const response = await this.follow(request, flight);
      response.body.once('close', flight.end);
      return response;
    } catch (error) {
      flight.end();
      throw asOutgoingError(error);
    }
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.connections.close();
  }

  private async follow(request: OutgoingRequest, flight: Flight): Promise<OutgoingResponse<Readable>> {
    let at = request;
    for (let left = flight.limits.redirects; ; left--) {
      const response = await this.exchange(at, flight);
      const { location } = response.headers;
      if (flight.limits.redirects === 0 || response.status < 300 || response.status >= 400 || !location)
        return response;
      response.body.destroy();
      if (left === 0) throw new OutgoingError('redirect', 'too many redirects');
      at = redirected(at, location);
    }
  }

  private async exchange(request: OutgoingRequest, flight: Flight): Promise<OutgoingResponse<Readable>> {
    try {
      return await this.attempt(request, flight);
    } catch (error) {
      // The other side may close an idle connection in the moment that it is used again.
      if (request.method === 'POST' || !wasReset(error) || flight.signal.aborted) throw error;
      return this.attempt(request, flight);
    }
  }

  private async attempt(request: OutgoingRequest, { limits, signal }: Flight): Promise<OutgoingResponse<Readable>> {
    const { method, target, path, body } = request;
    const headers = {
      'accept-encoding': ACCEPT_ENCODING,
      ...request.headers,
      host: target.hostHeader ?? defaultHost(target),
    };
    const { headersMs: headersTimeout, idleMs: bodyTimeout } = limits;
    const pool = this.connections.to(target);
    const answer = await pool.request({ method, path, headers, body, signal, headersTimeout, bodyTimeout });
    const received = plainHeaders(answer.headers);
    return {
      status: answer.statusCode,
      headers: received,
      contentType: (received['content-type'] ?? '').split(';')[0]!.trim().toLowerCase(),
      body: limitedBody(answer.body, received, limits.bytes),
    };
  }
}

function takeOff({ limits, signal }: OutgoingRequest): Flight {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const controller = new AbortController();
  const late = () => controller.abort(new OutgoingError('timeout', `no answer within ${all.totalMs} ms`));
  const aborted = () => controller.abort(new OutgoingError('aborted', 'the request was called off'));
  const timer = setTimeout(late, all.totalMs);
  timer.unref();
  if (signal?.aborted === true) aborted();
  signal?.addEventListener('abort', aborted, { once: true });
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  };
  return { limits: all, signal: controller.signal, end };
}

/** The next request. Its target is looked up and checked like any other; secrets stay with the first. */
function redirected({ method, target, path, limits, signal }: OutgoingRequest, location: string): OutgoingRequest {
  if (method !== 'GET') throw new OutgoingError('redirect', `a redirect of ${method}`);
  const base = `${target.scheme}://${target.hostHeader ?? defaultHost(target)}${path}`;
  if (!URL.canParse(location, base)) throw new OutgoingError('redirect', 'a redirect to nowhere');
  const url = new URL(location, base);
  if (url.protocol !== 'https:' && url.protocol !== `${target.scheme}:`) {
    throw new OutgoingError('redirect', `a redirect to ${url.protocol}`);
  }
  return { method, target: targetOf(url), path: url.pathname + url.search, limits, signal };
}

/** The target of an http or https URL. Throws {@link OutgoingError} for other schemes and for URLs with a password. */
export function targetOf(url: URL): Target {
  const scheme = url.protocol.slice(0, -1);
  if ((scheme !== 'http' && scheme !== 'https') || url.username !== '' || url.password !== '') {
    throw new OutgoingError('redirect', `not a plain http or https URL`);
  }
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port, hostHeader: url.host };
}

function defaultHost(target: Target): string {
  const standard = target.scheme === 'https' ? 443 : 80;
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host;
  return target.port === standard ? host : originOf(target).slice(target.scheme.length + 3);
}

function wasReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}
