import type { IncomingMessage } from 'node:http';
import { ForbiddenError, GuestAccessForbiddenError, MatrixError, MissingTokenError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { FederationRequester, Requester } from '#kernel/requester';
import { matrixSignatures, takeAccessToken } from './access-tokens';
import type { OperationContract } from './contract';
import type { Query } from './query-string';

/** What an access token comes with. Application services name whom they act for, and with which device, in the query. */
export interface TokenUse {
  readonly ip: string;
  readonly userAgent: string | null;
  /** True for the operations that a locked account may still call. */
  readonly allowLocked: boolean;
  readonly actAs?: string;
  readonly actAsDevice?: string;
}

/** Spec: client-server, "Account locking". */
const OPEN_WHEN_LOCKED: ReadonlySet<string> = new Set(['client-server/logout', 'client-server/logout_all']);

/** A request that another homeserver signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly uri: string;
  /** Every `Authorization: X-Matrix …` header, whole. */
  readonly signatures: readonly string[];
  /** The parsed body, undefined when there was none. */
  readonly content: JsonObject | undefined;
  /** The network address that it came from, as limits count it. */
  readonly client: string;
}

/** Who can be told from a request. The features behind do it; a missing port refuses everybody. */
export interface Authenticators {
  /** Throws `M_UNKNOWN_TOKEN` (with `soft_logout` where due) and what bars an account. */
  user(token: string, use: TokenUse): Promise<Requester> | Requester;
  /** Throws `M_UNAUTHORIZED` or `M_FORBIDDEN`. */
  server?(request: SignedRequest): Promise<FederationRequester>;
  /** An identity server account. Throws `M_UNAUTHORIZED`, `M_TERMS_NOT_SIGNED`. */
  identity?(token: string): Promise<Requester> | Requester;
  /** Checks a homeserver's token on the application service API. Throws `M_FORBIDDEN`. */
  homeserver?(token: string): Promise<void> | void;
}

export type AnyRequester = Requester | FederationRequester;

/**
 * Authenticates everything but signed requests, whose signature covers a body that is not read yet: of those only the
 * header's presence is checked. Nobody's body is read before this has passed.
 */
export async function authenticateToken(
  contract: OperationContract,
  ports: Authenticators,
  request: IncomingMessage,
  query: Query,
  ip: string,
): Promise<Requester | undefined> {
  const token = takeAccessToken(request, query);
  switch (contract.auth) {
    case 'none':
      return undefined;
    case 'signedRequest':
      if (matrixSignatures(request).length === 0) throw unauthorized('Missing X-Matrix authorization');
      return undefined;
    case 'optionalAccessToken':
      return token === undefined ? undefined : user(contract, ports, token, request, query, ip);
    case 'accessToken':
    case 'appserviceToken':
      if (token === undefined) throw new MissingTokenError('Missing access token');
      return user(contract, ports, token, request, query, ip);
    case 'identityToken':
      if (token === undefined || !ports.identity) throw unauthorized('Missing or unknown access token');
      return ports.identity(token);
    case 'homeserverToken':
      if (token === undefined || !ports.homeserver) throw unauthorized('Missing or unknown access token');
      await ports.homeserver(token);
      return undefined;
  }
}

/** Checks a signed request once its body is there. */
export function authenticateServer(
  ports: Authenticators,
  request: IncomingMessage,
  signed: Pick<SignedRequest, 'uri' | 'content' | 'client'>,
): Promise<FederationRequester> {
  if (!ports.server) throw unauthorized('This server does not federate');
  return ports.server({ ...signed, method: request.method ?? 'GET', signatures: matrixSignatures(request) });
}

async function user(
  contract: OperationContract,
  ports: Authenticators,
  token: string,
  request: IncomingMessage,
  query: Query,
  ip: string,
): Promise<Requester | undefined> {
  const requester = await ports.user(token, {
    ip,
    userAgent: request.headers['user-agent'] ?? null,
    allowLocked: OPEN_WHEN_LOCKED.has(contract.id),
    ...(typeof query['user_id'] === 'string' && { actAs: query['user_id'] }),
    ...(typeof query['device_id'] === 'string' && { actAsDevice: query['device_id'] }),
  });
  if (requester.isGuest && !contract.guests) {
    // Where nobody needs a token, a guest may do what a stranger may, and is taken for one.
    if (contract.auth === 'optionalAccessToken') return undefined;
    throw new GuestAccessForbiddenError('Guests may not do this');
  }
  if (contract.auth === 'appserviceToken' && requester.appserviceId === undefined) {
    throw new ForbiddenError('Only application services may do this');
  }
  return requester;
}

function unauthorized(message: string): MatrixError {
  return new MatrixError('M_UNAUTHORIZED', message);
}
