import type { JsonObject } from '#kernel/json';

export interface Reply<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface RequestOptions {
  /** Sent as JSON; a string or Buffer is sent as it is. */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A thin HTTP client with an access token. `body` of a reply is parsed JSON, or the text when it is something else. */
export class Api {
  constructor(
    readonly baseUrl: string,
    readonly token?: string,
  ) {}

  /** The same server with another token, or none. */
  as(token?: string): Api {
    return new Api(this.baseUrl, token);
  }

  get<T = JsonObject>(path: string, query?: RequestOptions['query']): Promise<Reply<T>> {
    return this.request<T>('GET', path, { query });
  }

  put<T = JsonObject>(path: string, body: unknown = {}): Promise<Reply<T>> {
    return this.request<T>('PUT', path, { body });
  }

  post<T = JsonObject>(path: string, body: unknown = {}): Promise<Reply<T>> {
    return this.request<T>('POST', path, { body });
  }

  delete<T = JsonObject>(path: string, body?: unknown): Promise<Reply<T>> {
    return this.request<T>('DELETE', path, { body });
  }

  /** The body of an answer that must be a success; anything else fails the test with the error in the message. */
  async call<T = JsonObject>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const reply = await this.request<T>(method, path, options);
    if (reply.status >= 200 && reply.status < 300) return reply.body;
    throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  }

  /** Any request; no status is an error here. */
  async request<T = JsonObject>(method: string, path: string, options: RequestOptions = {}): Promise<Reply<T>> {
    const raw = typeof options.body === 'string' || Buffer.isBuffer(options.body);
    const response = await fetch(this.baseUrl + path + queryString(options.query), {
      method,
      redirect: 'manual',
      signal: options.signal,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: raw ? (options.body as string) : options.body === undefined ? undefined : JSON.stringify(options.body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(response, text) as T };
  }
}

function parsed(response: Response, text: string): unknown {
  return response.headers.get('content-type')?.startsWith('application/json') ? (JSON.parse(text) as unknown) : text;
}

function queryString(query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) search.append(name, one);
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}
