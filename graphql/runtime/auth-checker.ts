import type { AuthCheckerFn } from 'type-graphql';
import { ForbiddenError, GuestAccessForbiddenError, MissingTokenError } from '#kernel/errors';
import type { GraphqlContext } from './context';

/** Roles that `@Authorized` names; without one, any user who is not a guest. */
export type Role = 'ADMIN' | 'GUEST';

/**
 * Decides before a resolver runs. Throws rather than answering false, so that the caller learns the Matrix errcode.
 * Every root field carries `@Authorized`; a test holds that.
 */
export const checkAuth: AuthCheckerFn<GraphqlContext, Role> = ({ context }, roles) => {
  const { requester } = context;
  if (requester === undefined) throw new MissingTokenError('An access token is needed');
  if (roles.includes('ADMIN') && !requester.isAdmin)
    throw new ForbiddenError('Only administrators of this server may do this');
  if (requester.isGuest && !roles.includes('GUEST')) throw new GuestAccessForbiddenError('Guests may not do this');
  return true;
};
