import type { JsonObject } from '#kernel/json';
import { MatrixError } from '#kernel/errors';

/** The invited user does not want invites. Spec: client-server API, "Invite permission". */
export class InviteBlockedError extends MatrixError {
  constructor(extra: JsonObject = {}) {
    super('M_INVITE_BLOCKED', 'This user does not accept invites', extra);
  }
}

/** The user may join, but nobody here has the power to let them in. */
export class UnableToGrantJoinError extends MatrixError {
  constructor(extra: JsonObject = {}) {
    super('M_UNABLE_TO_GRANT_JOIN', 'Nobody on this server can let you into this room', extra);
  }
}

/** Whether the conditions of a restricted room hold can only be told by other servers. */
export class UnableToAuthoriseJoinError extends MatrixError {
  constructor() {
    super('M_UNABLE_TO_AUTHORISE_JOIN', 'This server cannot tell whether you may join');
  }
}
