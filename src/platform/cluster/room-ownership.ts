import type { Tx } from '#platform/storage/storage';

/**
 * Which process writes which room. A room has one owner at a time: it prepares the room's events one after another in
 * memory, so two owners would give one place in the order to two events. A claim is proven again inside every transaction
 * that writes the room, so that a process which lost a room without noticing cannot commit for it.
 */
export interface RoomOwnership {
  /**
   * This process's claim to a room, taken when nobody has it.
   * @throws RoomOwnedElsewhereError when another process has it; the write belongs there
   */
  claim(roomId: string): Promise<RoomClaim>;
}

export interface RoomClaim {
  readonly roomId: string;
  /** Fences a transaction: it fails unless the claim still holds when it commits. @throws RoomOwnedElsewhereError */
  assertHeld(tx: Tx): Promise<void>;
}

/** Another process writes this room now. */
export class RoomOwnedElsewhereError extends Error {
  constructor(
    readonly roomId: string,
    /** The owner, when it is known. */
    readonly processName: string | undefined,
  ) {
    super(`room ${roomId} is written by ${processName ?? 'another process'}`);
    this.name = 'RoomOwnedElsewhereError';
  }
}
