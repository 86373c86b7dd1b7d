import { randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { buildEvent, eventIdOf, hashAndSign, type Pdu, type SignedEvent } from '#protocol/events/index';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { printRequestSignature, requestText, signJson, SigningKey } from '#protocol/signing/index';
import { parseCanonicalJson } from '#protocol/written-numbers';

export type Answer = { status: number; body: JsonObject };

/** What an event says otherwise than an honest one. */
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

/** A room that a peer has joined: what its next event follows. */
export interface JoinedRoom {
  readonly roomId: string;
  readonly version: RoomVersion;
  readonly join: SignedEvent;
  readonly auth: readonly string[];
  readonly answer: JsonObject;
}

const VERSIONS = Array.from({ length: 12 }, (_, index) => `ver=${index + 1}`).join('&');
const FEDERATION = '/_matrix/federation';

/** A path of the server-server API: `path('v1/make_join', roomId, userId)`. */
export const path = (operation: string, ...parts: string[]): string =>
  [FEDERATION, operation, ...parts.map(encodeURIComponent)].join('/');

/** Puts a request over the wire to a server of the test's own process. */
export async function transmitTo(url: string, request: RequestInit): Promise<Answer> {
  const answer = await fetch(url, request);
  const json: unknown = await answer.json();
  return { status: answer.status, body: isJsonObject(json) || Array.isArray(json) ? (json as JsonObject) : {} };
}

/** Another homeserver with a key of its own: it signs requests and events, whatever a test wants them to be. */
export abstract class SigningPeer {
  readonly key = SigningKey.fromSeed('ed25519:peer', randomBytes(32));
  readonly userId: string;
  /** How far ahead its published key is good. */
  validForMs = 24 * 3_600_000;
  private sent = 0;

  constructor(readonly serverName: string) {
    this.userId = `@mallory:${serverName}`;
  }

  /** Puts a request over the wire. */
  protected abstract transmit(
    destination: string,
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
    content: string | undefined,
  ): Promise<Answer>;

  /** A signed request; `raw` is sent as it is, and signed as `body` says. */
  async requestTo(destination: string, method: string, uri: string, body?: JsonObject, raw?: string): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    // Numbers are signed as they are written.
    const signed = text === undefined ? undefined : parseCanonicalJson(text);
    const parts = { method, uri, origin: this.serverName, destination, content: signed };
    const signature = this.key.sign(requestText(parts));
    const authorization = printRequestSignature({ ...parts, keyId: this.key.keyId, signature });
    const content = raw ?? text;
    const headers = { authorization, ...(content !== undefined && { 'content-type': 'application/json' }) };
    return this.transmit(destination, method, uri, headers, content);
  }

  /** Puts a transaction. */
  sendTo(destination: string, pdus: readonly JsonValue[], edus: readonly JsonValue[] = []): Promise<Answer> {
    const body = { origin: this.serverName, origin_server_ts: Date.now(), pdus: [...pdus], edus: [...edus] };
    return this.requestTo(destination, 'PUT', path('v1/send', `t${Date.now()}-${++this.sent}`), body);
  }

  /** Joins a room as an honest server would. `meanwhile` happens between the template of the join and the join. */
  async joinAt(
    destination: string,
    roomId: string,
    userId = this.userId,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<JoinedRoom> {
    const made = await this.requestTo(destination, 'GET', `${path('v1/make_join', roomId, userId)}?${VERSIONS}`);
    if (made.status !== 200) throw new Error(`make_join: ${JSON.stringify(made)}`);
    const version = roomVersion(made.body['room_version'] as string);
    const join = this.sign(version, made.body['event'] as Pdu);
    await meanwhile();
    const answer = await this.requestTo(destination, 'PUT', path('v2/send_join', roomId, join.eventId), join.pdu);
    if (answer.status !== 200) throw new Error(`send_join: ${JSON.stringify(answer)}`);
    return {
      roomId,
      version,
      join,
      auth: [...authority(version, answer.body['state'] as Pdu[]), join.eventId],
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
      content: forgery.content ?? { msgtype: 'm.text', body: `from afar ${++this.sent}` },
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

  /** What the peer publishes of its keys. */
  keyDocument(): JsonObject {
    const document = {
      server_name: this.serverName,
      valid_until_ts: Date.now() + this.validForMs,
      verify_keys: { [this.key.keyId]: { key: this.key.publicKey } },
      old_verify_keys: {},
    };
    return signJson(document, this.serverName, this.key);
  }
}

/** What of a room's state authorises its events, beside their senders' memberships. */
function authority(version: RoomVersion, state: readonly Pdu[]): string[] {
  const types = ['m.room.power_levels', ...(version.createEventIsRoomId ? [] : ['m.room.create'])];
  return state.filter((pdu) => types.includes(pdu.type)).map((pdu) => eventIdOf(version, pdu));
}
