import type { JsonObject } from '#kernel/json';
import { ForbiddenError, MatrixError } from '#kernel/errors';

/** The same answer for rooms that do not exist and rooms of others, so that nobody learns which there are. */
export class NotInRoomError extends ForbiddenError {
  constructor() {
    super('You are not in this room');
  }
}

/** The sender has already annotated the event with this key. Spec: client-server API, "Avoiding duplicate annotations". */
export class DuplicateAnnotationError extends MatrixError {
  constructor(extra: JsonObject = {}) {
    super('M_DUPLICATE_ANNOTATION', 'You have already sent this reaction', extra);
  }
}

/** The rules of a room that is being made refuse one of its own first events. */
export class RoomRulesError extends ForbiddenError {}

/** A room's policy server cannot be asked for the moment, which says nothing about the event. Clients are told the reason. */
export class PolicyUnavailableError extends MatrixError {
  constructor(reason: MatrixError) {
    super(reason.errcode, reason.message, reason.extra);
    this.cause = reason;
  }
}
