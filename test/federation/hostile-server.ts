import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, fetch } from 'undici';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { buildEvent, hashAndSign, type Pdu, type SignedEvent } from '#protocol/events/index';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { printRequestSignature, requestText, signJson, SigningKey } from '#protocol/signing/index';
import type { FederatedServer } from '../support/federation';
import type { PrivateCa } from '../support/private-ca';

export type Answer = { status: number; body: JsonObject };
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What a hostile event says otherwise than an honest one. */
export interface Forgery {
  readonly type?: string;
  readonly sender?: string;
  readonly stateKey?: string;
  readonly content?: JsonObject;
  readonly roomId?: string;
  readonly depth?: number;
  readonly prevEvents?: readonly string[];
  readonly authEvents?: readonly string[];
  readonly originServerTs?: number;
}

/** A room that the hostile server has joined: what its next event follows. */
export interface JoinedRoom {
  readonly roomId: string;
  readonly version: RoomVersion;
  readonly join: SignedEvent;
  readonly auth: readonly string[];
  readonly answer: JsonObject;
}

/** A homeserver that keeps no rule: its keys are real, everything that it signs is what a test wants it to be. */
export class HostileServer {
  readonly key = SigningKey.fromSeed('ed25519:hostile', randomBytes(32));
  readonly userId: string;
  /** Requests that came in, by path. */
  readonly asked: string[] = [];
  /** How far ahead its published key is good. */
  validForMs = 24 * 3_600_000;
  private handler: Handler = (_request, response) => send(response, 404, { errcode: 'M_UNRECOGNIZED', error: 'no' });
  private readonly agent: Agent;
  private sent = 0;

  private constructor(
    private readonly server: Server,
    ca: PrivateCa,
    readonly serverName: string,
  ) {
    this.agent = new Agent({ connect: { ca: ca.ca } });
    this.userId = `@mallory:${serverName}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.serve(request, response));
  }

  static async start(ca: PrivateCa): Promise<HostileServer> {
    const { cert, key } = ca.issue('localhost', '127.0.0.1');
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HostileServer(server, ca, `localhost:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    await this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Answers everything but questions about its keys. */
  answerWith(handler: Handler): void {
    this.handler = handler;
  }

  /** A signed request; `raw` is sent as it is, and signed as `body` says. */
  async request(
    victim: FederatedServer,
    method: string,
    path: string,
    body?: JsonObject,
    raw?: string,
  ): Promise<Answer> {
    const parts = { method, uri: path, origin: this.serverName, destination: victim.serverName, content: body };
    const signature = this.key.sign(requestText(parts));
    const authorization = printRequestSignature({ ...parts, keyId: this.key.keyId, signature });
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(`https://${victim.serverName}${path}`, {
      method,
      dispatcher: this.agent,
      headers: { authorization, ...(content !== undefined && { 'content-type': 'application/json' }) },
      ...(content !== undefined && { body: content }),
    });
    const json: unknown = await answer.json();
    return { status: answer.status, body: isJsonObject(json) ? json : {} };
  }

  /** Puts a transaction. */
  send(victim: FederatedServer, pdus: readonly JsonValue[], edus: readonly JsonValue[] = []): Promise<Answer> {
    const body = { origin: this.serverName, origin_server_ts: Date.now(), pdus: [...pdus], edus: [...edus] };
    return this.request(victim, 'PUT', `/_matrix/federation/v1/send/t${Date.now()}-${++this.sent}`, body);
  }

  /** Joins a public room as an honest server would. */
  async join(victim: FederatedServer, roomId: string, userId = this.userId): Promise<JoinedRoom> {
    const versions = Array.from({ length: 12 }, (_, index) => `ver=${index + 1}`).join('&');
    const room = encodeURIComponent(roomId);
    const made = await this.request(
      victim,
      'GET',
      `/_matrix/federation/v1/make_join/${room}/${encodeURIComponent(userId)}?${versions}`,
    );
    if (made.status !== 200) throw new Error(`make_join: ${JSON.stringify(made)}`);
    const version = roomVersion(made.body['room_version'] as string);
    const join = this.sign(version, made.body['event'] as Pdu);
    const path = `/_matrix/federation/v2/send_join/${room}/${encodeURIComponent(join.eventId)}`;
    const answer = await this.request(victim, 'PUT', path, join.pdu);
    if (answer.status !== 200) throw new Error(`send_join: ${JSON.stringify(answer)}`);
    return {
      roomId,
      version,
      join,
      auth: [...(join.pdu.auth_events as string[]).slice(0, 2), join.eventId],
      answer: answer.body,
    };
  }

  /** An event that follows the join, honest but for what the forgery says. Not of room versions 1 and 2. */
  event(room: JoinedRoom, forgery: Forgery = {}): SignedEvent {
    const pdu = buildEvent(room.version, {
      roomId: forgery.roomId ?? room.roomId,
      type: forgery.type ?? 'm.room.message',
      sender: forgery.sender ?? this.userId,
      ...(forgery.stateKey !== undefined && { stateKey: forgery.stateKey }),
      content: forgery.content ?? { msgtype: 'm.text', body: `hostile ${++this.sent}` },
      prevEvents: forgery.prevEvents ?? [room.join.eventId],
      authEvents: forgery.authEvents ?? room.auth,
      depth: forgery.depth ?? room.join.pdu.depth + 1,
      originServerTs: forgery.originServerTs ?? Date.now(),
    });
    return this.sign(room.version, pdu);
  }

  sign(version: RoomVersion, pdu: Pdu): SignedEvent {
    return hashAndSign(version, pdu, this.serverName, this.key);
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.asked.push(path);
    if (path.startsWith('/_matrix/key/v2/server')) send(response, 200, this.keys());
    else this.handler(request, response);
  }

  private keys(): JsonObject {
    const document = {
      server_name: this.serverName,
      valid_until_ts: Date.now() + this.validForMs,
      verify_keys: { [this.key.keyId]: { key: this.key.publicKey } },
      old_verify_keys: {},
    };
    return signJson(document, this.serverName, this.key);
  }
}

export function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
