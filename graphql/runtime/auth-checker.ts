import type { AuthCheckerFn } from 'type-graphql';
import { ForbiddenError, GuestAccessForbiddenError, MissingTokenError } from '#kernel/errors';
import type { GraphqlContext } from './context';

/** Roles that `@Authorized` names; without one, any user who is not a guest. */
export type Role = 'ADMIN' | 'GUEST';

/** Root fields are what is counted against the limits of a user; fields below them are bounded by the operation's cost. */
const ROOTS: Readonly<Record<string, 'query' | 'mutation'>> = {
  Query: 'query',
  Mutation: 'mutation',
  Subscription: 'query',
};

/**
 * Decides before a resolver runs. Throws rather than answering false, so that the caller learns the Matrix errcode.
 * Every root field carries `@Authorized`; a test holds that.
 */
export const checkAuth: AuthCheckerFn<GraphqlContext, Role> = async ({ context, info }, roles) => {
  const { requester } = context;
  if (requester === undefined) throw new MissingTokenError('An access token is needed');
  if (roles.includes('ADMIN') && !requester.isAdmin)
    throw new ForbiddenError('Only administrators of this server may do this');
  if (requester.isGuest && !roles.includes('GUEST')) throw new GuestAccessForbiddenError('Guests may not do this');
  const root = ROOTS[info.parentType.name];
  if (root !== undefined) await context.throttle(requester, root);
  return true;
};
