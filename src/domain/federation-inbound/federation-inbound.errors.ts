import { MatrixError } from '#kernel/errors';

/** The asking server does not support the room's version. */
export class IncompatibleRoomVersionError extends MatrixError {
  constructor(version: string) {
    super('M_INCOMPATIBLE_ROOM_VERSION', `The room has version ${version}`, { room_version: version });
  }
}
