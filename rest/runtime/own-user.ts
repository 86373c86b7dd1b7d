import { ForbiddenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';

/** For paths that name a user whose private things they are: only that user may. @throws ForbiddenError */
export function requireOwnUser(requester: Requester, userId: string): void {
  if (requester.userId !== userId) throw new ForbiddenError('This belongs to another user');
}
