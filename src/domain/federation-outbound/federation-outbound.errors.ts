import { MatrixError } from '#kernel/errors';
import type { RemoteServerError } from '../federation';

/** Codes that would have a client doubt its own session, or this server. */
const OURS_ALONE: ReadonlySet<string> = new Set([
  'M_MISSING_TOKEN',
  'M_UNAUTHORIZED',
  'M_UNKNOWN_TOKEN',
  'M_UNRECOGNIZED',
  'M_USER_DEACTIVATED',
  'M_USER_LOCKED',
]);

/** A room's policy server refuses an event; clients are told its words. Spec: "Validating Policy Server signatures". */
export class PolicyRefusalError extends MatrixError {
  constructor({ remoteCode, body }: RemoteServerError) {
    const { errcode: _code, error, ...rest } = body;
    const message = typeof error === 'string' ? error : 'The policy server refuses the event';
    super(OURS_ALONE.has(remoteCode) ? 'M_FORBIDDEN' : remoteCode, message, rest);
  }
}

/** What another server answered is of no use; it is not the client's fault. */
export class UnusableAnswerError extends MatrixError {
  constructor(server: string, reason: string) {
    super('M_BAD_STATUS', `${server}: ${reason}`);
  }
}
