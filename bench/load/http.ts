import { Agent, request as httpRequest } from 'node:http';

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

  call(method: string, path: string, token?: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = {};
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = payload.length;
    }
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: this.host, port: this.port, method, path, headers, agent: this.agent, signal },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
          });
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(payload);
    });
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
