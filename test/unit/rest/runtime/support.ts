import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { UnknownTokenError } from '#kernel/errors';
import { silentLogger } from '#kernel/logger';
import type { Requester } from '#kernel/requester';
import { contracts } from '#rest/generated/index';
import { createRestDoor, type RestDoor } from '#rest/runtime/door';
import type { Delegates, ListenerOptions, RestOptions } from '#rest/runtime/door-options';
import { documentsIn } from '#rest/runtime/documents';

export const DOCUMENTS = documentsIn(join(__dirname, '../../../../rest/generated/documents'));

export const ALICE: Requester = {
  userId: '@alice:example.org',
  deviceId: 'PHONE',
  tokenId: 1,
  isGuest: false,
  isAdmin: false,
};

/** Every resource of the five APIs. */
export const EVERYTHING: ListenerOptions = {
  resources: new Set(['client', 'federation', 'identity', 'push', 'appservice']),
};

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Asked {
  readonly method?: string;
  readonly token?: string | null;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
}

/** A door on a free port with the generated contracts, whose only user is Alice with the token `alice`. */
export class DoorUnderTest {
  private constructor(
    readonly door: RestDoor,
    private readonly server: Server,
  ) {}

  static async start(delegates: Delegates, options: Partial<RestOptions> & { listener?: ListenerOptions } = {}) {
    const door = createRestDoor({
      contracts,
      delegates,
      documents: DOCUMENTS,
      authenticate: { user: authenticateAlice },
      logger: silentLogger,
      serverName: 'example.org',
      rateLimits: { enabled: false },
      ...options,
    });
    const app = express().use(door.handler(options.listener ?? EVERYTHING));
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new DoorUnderTest(door, server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Sends a request whose target is not touched: no normalising, no encoding. */
  ask(path: string, { method = 'GET', token = 'alice', headers = {}, body }: Asked = {}): Promise<Answer> {
    const bytes =
      typeof body === 'string' || Buffer.isBuffer(body) ? body : body === undefined ? undefined : JSON.stringify(body);
    const length =
      bytes === undefined || 'Transfer-Encoding' in headers ? {} : { 'Content-Length': Buffer.byteLength(bytes) };
    const all = { ...length, ...(token !== null && { Authorization: `Bearer ${token}` }), ...headers };
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        { port: this.port, host: '127.0.0.1', path, method, headers: all, agent: false },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () =>
            resolve(answerOf(incoming.statusCode ?? 0, incoming.headers, Buffer.concat(chunks).toString())),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

export function authenticateAlice(token: string): Requester {
  if (token === 'alice') return ALICE;
  if (token === 'guest') return { ...ALICE, userId: '@1:example.org', isGuest: true };
  throw new UnknownTokenError('Unknown access token', { soft_logout: false });
}

function answerOf(status: number, headers: NodeJS.Dict<string | string[]>, text: string): Answer {
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status, headers, text, json };
}
