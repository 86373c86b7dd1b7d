import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject, JsonValue } from '#kernel/json';
import { signJson, SigningKey } from '#protocol/signing/index';
import type { PrivateCa } from './private-ca';

/** An identity server, as far as invites by address need one: it signs who has an address, and says if its key is good. */
export class IdentityServer {
  readonly key = SigningKey.fromSeed('ed25519:0', randomBytes(32));
  /** What it says about keys, by status. */
  answer: { readonly status: number; readonly body: JsonValue } = { status: 200, body: { valid: true } };
  /** The keys that it was asked about. */
  readonly asked: (string | null)[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.asked.push(new URL(request.url ?? '', this.url).searchParams.get('public_key'));
      response.writeHead(this.answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(this.answer.body));
    });
  }

  static async start(ca: PrivateCa): Promise<IdentityServer> {
    const { cert, key } = ca.issue('127.0.0.1');
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new IdentityServer(server);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get validityUrl(): string {
    return `${this.url}/_matrix/identity/v2/pubkey/isvalid`;
  }

  /** The content of an `m.room.third_party_invite` whose address this server will vouch for. */
  invitation(changes: JsonObject = {}): JsonObject {
    const key = { public_key: this.key.publicKey, key_validity_url: this.validityUrl };
    return { display_name: 'b...@e...', ...key, public_keys: [key], ...changes };
  }

  /** What a user is given who has the address of an invitation. */
  signed(userId: string, token: string): JsonObject {
    return signJson({ mxid: userId, token }, 'id.example', this.key);
  }

  private get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}
