import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject, JsonValue } from '#kernel/json';
import { hashAndSign, type Pdu, type SignedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import { printRequestSignature, requestText, signJson, SigningKey } from '#protocol/signing/index';
import type { Certificate } from '../../test/support/private-ca';
import { exchange } from '../load/http';

const DAY_MS = 24 * 3_600_000;

/** A request that is signed already, so that sending it costs the load generator next to nothing. */
export interface PreparedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly payload: Buffer | undefined;
}

/** One homeserver of the load's own: a name on loopback with TLS and a key that is published there. */
export class Peer {
  readonly key = SigningKey.fromSeed('ed25519:bench', randomBytes(32));
  readonly serverName: string;
  private readonly agent: Agent;

  private constructor(
    private readonly server: Server,
    ca: string,
  ) {
    this.serverName = `localhost:${(server.address() as AddressInfo).port}`;
    this.agent = new Agent({ keepAlive: true, ca });
  }

  static async start(certificate: Certificate, ca: string, handle: PeerHandler): Promise<Peer> {
    const server = createServer({ cert: certificate.cert, key: certificate.key });
    server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const peer = new Peer(server, ca);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const body = text === '' ? {} : (JSON.parse(text) as JsonObject);
        const { status, json } = handle(peer, request.method ?? '', request.url ?? '', body);
        response.writeHead(status, { 'content-type': 'application/json' }).end(json);
      });
    });
    return peer;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  userId(localpart: string): string {
    return `@${localpart}:${this.serverName}`;
  }

  /** Hashes and signs an event as its server. */
  sign(version: RoomVersion, pdu: Pdu): SignedEvent {
    return hashAndSign(version, pdu, this.serverName, this.key);
  }

  /** The signed list of its keys, as `/_matrix/key/v2/server` has it. */
  keyDocument(): JsonObject {
    const document = {
      server_name: this.serverName,
      valid_until_ts: Date.now() + DAY_MS,
      verify_keys: { [this.key.keyId]: { key: this.key.publicKey } },
      old_verify_keys: {},
    };
    return signJson(document, this.serverName, this.key);
  }

  /** Signs a request to `destination`. */
  prepare(destination: string, method: string, path: string, content?: JsonValue): PreparedRequest {
    const parts = { method, uri: path, origin: this.serverName, destination, content };
    const signature = this.key.sign(requestText(parts));
    const authorization = printRequestSignature({ ...parts, keyId: this.key.keyId, signature });
    const payload = content === undefined ? undefined : Buffer.from(JSON.stringify(content));
    return { method, path, authorization, payload };
  }

  /** Sends a request; the bytes of the answer. @throws when it is not 200 */
  async ask(destination: string, { method, path, authorization, payload }: PreparedRequest): Promise<Buffer> {
    const headers: Record<string, string | number> = { authorization };
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = payload.length;
    }
    const url = `https://${destination}${path}`;
    const { status, bytes } = await exchange(httpsRequest(url, { method, headers, agent: this.agent }), payload);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${bytes.toString('utf8').slice(0, 500)}`);
    return bytes;
  }
}

/** What a peer answers; `json` is the text, which may have been written before. */
export interface PeerAnswer {
  readonly status: number;
  readonly json: string;
}

export type PeerHandler = (peer: Peer, method: string, uri: string, body: JsonObject) => PeerAnswer;
