/** Takes a user out of all rooms. Bound to membership. */
export interface RoomParter {
  /**
   * Leaves every room that the user is joined to, invited to or knocking on. May be called again after a crash and then goes
   * on with what is left. Rejects only when it could not finish.
   */
  partAll(userId: string): Promise<void>;
}
