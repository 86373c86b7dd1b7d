import type { Domain } from '#domain/domain';
import { MissingTokenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Cursors } from './cursor';
import { Loaders } from './loaders';

/** Counts one root field of a user. @throws LimitExceededError when it was one too many */
export type Throttle = (requester: Requester, kind: 'query' | 'mutation') => Promise<void>;

/** What every resolver gets: the domain, and who asks. Made once per request, or per WebSocket operation. */
export interface GraphqlContext {
  readonly domain: Domain;
  readonly cursors: Cursors;
  readonly loaders: Loaders;
  readonly throttle: Throttle;
  /** Absent for anonymous callers, who may see next to nothing. */
  readonly requester: Requester | undefined;
}

/** The Bearer token of a header, or undefined. The query string is never looked at. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

/** Authenticates by the same call as REST: a wrong token is an error, none is anonymous. @throws UnknownTokenError */
export async function contextFor(
  { domain, cursors, throttle }: Pick<GraphqlContext, 'domain' | 'cursors' | 'throttle'>,
  token: string | undefined,
): Promise<GraphqlContext> {
  const requester = token === undefined ? undefined : await domain.sessions.authenticate(token);
  return { domain, cursors, throttle, requester, loaders: new Loaders(domain) };
}

/** The authenticated caller. The auth checker has refused anonymous ones before a resolver runs. */
export function requireRequester(context: GraphqlContext): Requester {
  if (context.requester === undefined) throw new MissingTokenError('An access token is needed');
  return context.requester;
}
