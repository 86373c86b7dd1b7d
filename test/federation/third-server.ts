import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '#kernel/json';
import type { SignedEvent } from '#protocol/events/index';
import type { FederatedServer, TestFederation } from '../support/federation';
import { SigningPeer, type Answer, type JoinedRoom } from '../support/signing-peer';
import { bodyOf, send } from './hostile-server';

/**
 * One more homeserver of a federation of real ones, which talks with one of them alone: it says what a test has it say, at
 * the place in the room's graph that the test wants, and keeps what it is sent.
 */
export class ThirdServer extends SigningPeer {
  /** The events of all transactions that came. */
  readonly received: JsonObject[] = [];

  private constructor(
    private readonly server: Server,
    private readonly other: FederatedServer,
  ) {
    super(`localhost:${(server.address() as AddressInfo).port}`);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.serve(request, response));
  }

  static async start({ ca }: TestFederation, other: FederatedServer): Promise<ThirdServer> {
    const { cert, key } = ca.issue('localhost', '127.0.0.1');
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ThirdServer(server, other);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Enters a room; `meanwhile` happens between the template of the join and the join. */
  async join(roomId: string, meanwhile?: () => Promise<void>): Promise<JoinedRoom> {
    return this.joinAt(this.other.serverName, roomId, this.userId, meanwhile);
  }

  /** Says something that follows its own join and nothing else. */
  async say(room: JoinedRoom, body: string): Promise<SignedEvent> {
    const event = this.event(room, { content: { msgtype: 'm.text', body } });
    const answer = await this.sendTo(this.other.serverName, [event.pdu]);
    expect(answer).toEqual({ status: 200, body: { pdus: { [event.eventId]: {} } } });
    return event;
  }

  /** The texts of the messages that came. */
  get heard(): string[] {
    return this.received.flatMap(({ content }) => ((content as JsonObject)['body'] as string | undefined) ?? []);
  }

  protected transmit(
    _destination: string,
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
    content: string | undefined,
  ): Promise<Answer> {
    const body = content === undefined ? undefined : (JSON.parse(content) as JsonObject);
    return this.other.request(method, uri, body, headers);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    if (url.startsWith('/_matrix/key/v2/server')) return send(response, 200, this.keyDocument());
    if (!url.startsWith('/_matrix/federation/v1/send/')) {
      return send(response, 404, { errcode: 'M_NOT_FOUND', error: 'This server says nothing unasked' });
    }
    this.received.push(...((await bodyOf(request)) as { pdus: JsonObject[] }).pdus);
    send(response, 200, { pdus: {} });
  }
}
