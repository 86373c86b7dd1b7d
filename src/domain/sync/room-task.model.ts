import type { RoomMembership } from '#domain/membership';
import type { RoomInfo } from '#domain/room-state';
import type { Standing } from './standing.service';

/** A room that an answer may have something of. */
export interface RoomTask {
  readonly room: RoomInfo;
  readonly row: RoomMembership;
  /** Where the user stands; undefined where nothing about it changed in the window. */
  readonly standing: Standing | undefined;
}

/** True for a joined room of which the client knows nothing, or not all: it gets the whole state. */
export function isNewToClient({ standing }: RoomTask, since: unknown): boolean {
  return since === undefined || (standing !== undefined && !standing.continuous);
}
