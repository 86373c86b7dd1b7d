import type { JsonObject } from '#kernel/json';
import { MatrixError } from '#kernel/errors';

/** The events asked for do not make a room that its own rules allow. Carries the reason in its message. */
export class InvalidRoomStateError extends MatrixError {
  constructor(message: string, extra: JsonObject = {}) {
    super('M_INVALID_ROOM_STATE', message, extra);
  }
}

/** The wanted alias of a new room is taken. */
export class RoomInUseError extends MatrixError {
  constructor(alias: string) {
    super('M_ROOM_IN_USE', `Room alias ${alias} is taken`);
  }
}

/** This server has no identity server to invite people by address through. */
export class ThirdPartyInvitesDeniedError extends MatrixError {
  constructor() {
    super('M_THREEPID_DENIED', 'This server does not invite by e-mail address or phone number');
  }
}
