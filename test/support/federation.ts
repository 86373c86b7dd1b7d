import { createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import type { JsonObject } from '#kernel/json';
import { createTestDatabase } from './databases';
import { makePrivateCa, type PrivateCa } from './private-ca';
import { startTrellis, type ServerProcess } from './process';

/** A server of the federation under test: a process of its own, known as `localhost:<port>`. */
export interface FederatedServer {
  readonly serverName: string;
  readonly process: ServerProcess;
  readonly folder: string;
  /** A request over TLS, its certificate checked. */
  request(
    method: string,
    path: string,
    body?: JsonObject,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: JsonObject }>;
  get(path: string): Promise<{ status: number; body: JsonObject }>;
  /** Stops the process and starts another on the same data. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>;
  pause(): Promise<void>;
}

/** Servers on the database under test that trust one private certificate authority. */
export interface TestFederation {
  readonly ca: PrivateCa;
  start(env?: Readonly<Record<string, string>>): Promise<FederatedServer>;
  stop(): Promise<void>;
}

export function startTestFederation(): TestFederation {
  const ca = makePrivateCa();
  const agent = new Agent({ connect: { ca: ca.ca } });
  const certificate = ca.issue('localhost', '127.0.0.1');
  const ends: (() => Promise<unknown>)[] = [];
  return {
    ca,
    start: async (env = {}) => {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), 'trellis-federated-'));
      const database = await createTestDatabase(folder);
      const tls = { cert: certificate.certFile, key: certificate.keyFile };
      const fixed = {
        TRELLIS_SERVER_NAME: `localhost:${port}`,
        TRELLIS_DATA_DIR: folder,
        TRELLIS_DATABASE__URL: database.url,
        TRELLIS_LISTENERS: JSON.stringify([{ bind: '127.0.0.1', port, tls }]),
        TRELLIS_FEDERATION__CA_CERTIFICATES: JSON.stringify([ca.caFile]),
        TRELLIS_FEDERATION__ALLOW_PRIVATE_NETWORKS: 'true',
        TRELLIS_REGISTRATION__ENABLED: 'true',
        TRELLIS_RATE_LIMITS__ENABLED: 'false',
        TRELLIS_PASSWORDS__MEMORY_KIB: '8',
        TRELLIS_PASSWORDS__ITERATIONS: '1',
        ...env,
      };
      let process = await startTrellis(fixed);
      const request: FederatedServer['request'] = async (method, path, body, headers = {}) => {
        const answer = await fetch(`https://localhost:${port}${path}`, {
          method,
          dispatcher: agent,
          headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        return { status: answer.status, body: (await answer.json()) as JsonObject };
      };
      ends.push(async () => {
        await process.stop();
        await database.drop();
        rmSync(folder, { recursive: true, force: true });
      });
      return {
        serverName: `localhost:${port}`,
        get process() {
          return process;
        },
        folder,
        request,
        get: (path) => request('GET', path),
        pause: async () => void (await process.stop()),
        restart: async (more = {}) => {
          await process.stop();
          process = await startTrellis({ ...fixed, ...more });
        },
      };
    },
    stop: async () => {
      await agent.destroy();
      for (const end of ends) await end();
      ca.remove();
    },
  };
}

/** A port that was free a moment ago: a server's name must be known before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
