import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject, JsonValue } from '#kernel/json';
import type { PrivateCa } from '../support/private-ca';
import type { TestServer } from '../support/server';
import { path, SigningPeer, transmitTo, type Answer, type JoinedRoom } from '../support/signing-peer';

export { path };
export type { Answer, Forgery, JoinedRoom } from '../support/signing-peer';

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** How a request departs from one that was signed as it should be. */
export interface Tricks {
  readonly body?: JsonObject;
  /** Sent instead of the body, which is signed all the same. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A homeserver that keeps no rule: its keys are real, all else is what a test wants it to be. */
export class HostileServer extends SigningPeer {
  /** Requests that came in, by path. */
  readonly asked: string[] = [];
  /** What it says about its keys. */
  publishes: () => JsonValue | Promise<JsonValue> = () => this.keyDocument();
  /** Where other servers than its victim are, by name. */
  readonly others = new Map<string, string>();
  private handler: Handler = nothing;

  private constructor(
    private readonly server: Server,
    private readonly victim: TestServer,
    serverName: string,
  ) {
    super(serverName);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.serve(request, response));
  }

  static async start(ca: PrivateCa, victim: TestServer): Promise<HostileServer> {
    const { cert, key } = ca.issue('localhost', '127.0.0.1');
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HostileServer(server, victim, `localhost:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Answers everything but questions about its keys. */
  answerWith(handler: Handler): void {
    this.handler = handler;
  }

  /** Answers requests whose path contains one of these names with what belongs to it, and knows of nothing else. */
  answers(bodies: Readonly<Record<string, JsonValue | ((url: string) => JsonValue)>>): void {
    this.answerWith((request, response) => {
      const url = request.url ?? '';
      const found = Object.entries(bodies).find(([name]) => url.includes(`/${name}`));
      if (found === undefined) return nothing(request, response);
      const [, body] = found;
      send(response, 200, typeof body === 'function' ? body(url) : body);
    });
  }

  /** How often a path with this name was asked for. */
  askedFor(name: string): number {
    return this.asked.filter((url) => url.includes(`/${name}`)).length;
  }

  get(uri: string): Promise<Answer> {
    return this.request('GET', uri);
  }

  put(uri: string, body: JsonObject): Promise<Answer> {
    return this.request('PUT', uri, { body });
  }

  request(method: string, uri: string, { body, raw, headers = {} }: Tricks = {}): Promise<Answer> {
    const { server_name: destination } = this.victim.config;
    if (headers['authorization'] === undefined) return this.requestTo(destination, method, uri, body, raw);
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return this.transmit(destination, method, uri, headers, content);
  }

  /** Puts a transaction. */
  transact(pdus: readonly JsonValue[], edus?: readonly JsonValue[]): Promise<Answer> {
    return this.sendTo(this.victim.config.server_name, pdus, edus);
  }

  /** Sends events; what the victim says of each. */
  async send(...pdus: readonly JsonValue[]): Promise<JsonObject> {
    const { status, body } = await this.transact(pdus);
    if (status !== 200) throw new Error(`send: ${status} ${JSON.stringify(body)}`);
    return body['pdus'] as JsonObject;
  }

  /** Joins a public room as an honest server would. */
  join(roomId: string, userId?: string): Promise<JoinedRoom> {
    return this.joinAt(this.victim.config.server_name, roomId, userId);
  }

  protected transmit(
    destination: string,
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
    content: string | undefined,
  ): Promise<Answer> {
    return transmitTo((this.others.get(destination) ?? this.victim.url) + uri, {
      method,
      headers,
      ...(content !== undefined && { body: content }),
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '';
    this.asked.push(url);
    if (url.startsWith('/_matrix/key/v2/server')) {
      void Promise.resolve(this.publishes()).then((keys) => send(response, 200, keys));
    }
    // Who takes no transactions is left alone soon, and could do no harm.
    else if (url.startsWith('/_matrix/federation/v1/send/')) send(response, 200, { pdus: {} });
    else void this.handler(request, response);
  }
}

export function send(response: ServerResponse, status: number, body: JsonValue): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The body of a request, whole. */
export async function bodyOf(request: IncomingMessage): Promise<JsonValue> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as JsonValue;
}

function nothing(_request: IncomingMessage, response: ServerResponse): void {
  send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
}
