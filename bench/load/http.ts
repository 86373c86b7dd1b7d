import { Agent, request as httpRequest, type ClientRequest } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A keep-alive HTTP client for one base URL: thin, so that the load generator is not what is measured. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 2_000 });
  private readonly host: string;
  private readonly port: number;

  constructor(readonly baseUrl: string) {
    const url = new URL(baseUrl);
    this.host = url.hostname;
    this.port = Number(url.port);
  }

  async call(method: string, path: string, token?: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = {};
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = payload.length;
    }
    const { host, port, agent } = this;
    const { status, bytes } = await exchange(
      httpRequest({ host, port, method, path, headers, agent, signal }),
      payload,
    );
    return { status, body: bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8')) };
  }

  /** As `call`, but anything except 200 is an error: a benchmark that measures refusals measures nothing. */
  async ok<T>(method: string, path: string, token?: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const answer = await this.call(method, path, token, body, signal);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Ends a request with its payload; what is answered, once it is whole. */
export function exchange(request: ClientRequest, payload?: Buffer): Promise<{ status: number; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(payload);
  });
}
