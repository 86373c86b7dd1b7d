/** Runs work on each room one after another: two users who enter an unknown room at the same time are let in in turn. */
export class RoomTurns {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(roomId: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(roomId) ?? Promise.resolve();
    const result = before.then(work, work);
    const tail = result.catch(() => undefined);
    this.tails.set(roomId, tail);
    try {
      return await result;
    } finally {
      if (this.tails.get(roomId) === tail) this.tails.delete(roomId);
    }
  }
}
