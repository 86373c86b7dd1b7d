import type { JsonObject, JsonValue } from '#kernel/json';
import type { TestServer } from './server';
import { path, SigningPeer, transmitTo, type Answer, type JoinedRoom } from './signing-peer';

/**
 * Another homeserver, as far as a server in this process can tell: its keys are known there, its requests are signed. It
 * is at no address, so nothing reaches it.
 */
export class KnownPeer extends SigningPeer {
  constructor(
    private readonly server: TestServer,
    serverName: string,
  ) {
    super(serverName);
  }

  request(method: string, uri: string, body?: JsonObject, raw?: string): Promise<Answer> {
    return this.requestTo(this.server.config.server_name, method, uri, body, raw);
  }

  get(uri: string): Promise<Answer> {
    return this.request('GET', uri);
  }

  put(uri: string, body: JsonObject = {}): Promise<Answer> {
    return this.request('PUT', uri, body);
  }

  post(uri: string, body: JsonObject = {}): Promise<Answer> {
    return this.request('POST', uri, body);
  }

  join(roomId: string, userId?: string): Promise<JoinedRoom> {
    return this.joinAt(this.server.config.server_name, roomId, userId);
  }

  /** Puts a transaction; what the server says of each event. */
  async send(pdus: readonly JsonValue[], edus: readonly JsonValue[] = []): Promise<JsonObject> {
    const answer = await this.sendTo(this.server.config.server_name, pdus, edus);
    if (answer.status !== 200) throw new Error(`send: ${JSON.stringify(answer)}`);
    return answer.body['pdus'] as JsonObject;
  }

  protected transmit(
    _destination: string,
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
    content: string | undefined,
  ): Promise<Answer> {
    return transmitTo(this.server.url + uri, { method, headers, ...(content !== undefined && { body: content }) });
  }
}

/** Lets a server know peers' keys, and no others. */
export function introduce(server: TestServer, ...peers: readonly KnownPeer[]): void {
  server.domain.federation.bind({
    published: async (serverName) => {
      const peer = peers.find((one) => one.serverName === serverName);
      if (peer === undefined) throw new Error(`${serverName} is at no address`);
      return peer.keyDocument();
    },
    vouched: async () => [],
  });
}

export { path };
