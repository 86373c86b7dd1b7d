import type { JsonObject, JsonValue } from '#kernel/json';
import type { FederationRequester } from '#kernel/requester';
import {
  parseRequestSignature,
  printRequestSignature,
  requestText,
  type RequestSignature,
  type SigningKey,
} from '#protocol/signing/index';
import type { Destinations } from './destinations.service';
import type { DomainRules } from './domain-rules.service';
import { UnauthorizedServerError } from './federation.errors';
import type { ServerKeys } from './server-keys.service';

/** A request that another homeserver signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly uri: string;
  /** Every `Authorization: X-Matrix …` header, whole. */
  readonly signatures: readonly string[];
  /** The parsed body, undefined when there was none. */
  readonly content: JsonObject | undefined;
  /** The network address that it came from, on whose behalf the key is fetched: the origin is only claimed so far. */
  readonly client: string;
}

/** A request of ours to another homeserver. */
export interface RequestToSign {
  readonly method: string;
  readonly uri: string;
  readonly destination: string;
  readonly content: JsonValue | undefined;
}

export interface RequestSignaturesParts {
  readonly serverName: string;
  readonly signingKey: SigningKey;
  readonly keys: Pick<ServerKeys, 'currentKey'>;
  readonly rules: DomainRules;
  readonly destinations: Pick<Destinations, 'succeeded'>;
}

/** One header a key; nobody has more. */
const MAX_HEADERS = 8;

/** Signs requests to other servers and checks theirs. Spec: server-server, "Request Authentication". SECURITY: row 11. */
export class RequestSignatures {
  constructor(private readonly parts: RequestSignaturesParts) {}

  /** The `Authorization` header of a request. Throws BadJsonError for a body that is no JSON. */
  sign({ method, uri, destination, content }: RequestToSign): string {
    const { serverName: origin, signingKey } = this.parts;
    const signature = signingKey.sign(requestText({ method, uri, origin, destination, content }));
    return printRequestSignature({ origin, destination, keyId: signingKey.keyId, signature });
  }

  /**
   * Who signed a request. A key that is not known, or whose time is over, is fetched.
   * @throws UnauthorizedServerError, DeniedServerError
   */
  async authenticate(request: SignedRequest): Promise<FederationRequester> {
    const claims = this.claims(request.signatures);
    const { origin } = claims[0]!;
    this.parts.rules.check(origin);
    for (const claim of claims) {
      if (!(await this.holds(claim, request))) continue;
      // Whoever can ask us can very likely be asked again.
      await this.parts.destinations.succeeded(origin);
      return { origin };
    }
    throw new UnauthorizedServerError(`The request lacks a valid signature of ${origin}`);
  }

  /** All headers, which must agree about the origin and speak to this server. */
  private claims(headers: readonly string[]): RequestSignature[] {
    if (headers.length === 0 || headers.length > MAX_HEADERS) throw malformed();
    const claims = headers.map((header) => parseRequestSignature(header));
    const known = claims.filter((claim) => claim !== undefined);
    if (known.length !== claims.length) throw malformed();
    const { origin } = known[0]!;
    for (const claim of known) {
      if (claim.origin !== origin) throw malformed();
      if (claim.destination !== undefined && claim.destination !== this.parts.serverName) {
        throw new UnauthorizedServerError('The request is for another server');
      }
    }
    if (origin === this.parts.serverName)
      throw new UnauthorizedServerError('The request claims to be from this server');
    return known;
  }

  private async holds({ origin, destination, keyId, signature }: RequestSignature, request: SignedRequest) {
    const { method, uri, content, client } = request;
    const key = await this.parts.keys.currentKey(origin, keyId, client);
    if (key === undefined) return false;
    return key.verify(requestText({ method, uri, origin, destination, content }), signature);
  }
}

function malformed(): UnauthorizedServerError {
  return new UnauthorizedServerError('Malformed X-Matrix authorization');
}
