import { endsWithin } from './patience';

/** Runs what is about the same thing (a room, a server) one after another, and what is about others beside it. */
export class Turns {
  private readonly tails = new Map<string, Promise<unknown>>();

  /**
   * Runs when those before are done. With a patience, in milliseconds, it waits no longer than that, and then goes beside
   * them: for turns that are taken to save work, not for safety.
   */
  async run<T>(about: string, work: () => Promise<T>, patienceMs?: number): Promise<T> {
    const before = this.tails.get(about) ?? Promise.resolve();
    const isMyTurn = patienceMs === undefined ? before : endsWithin(before, patienceMs);
    const result = isMyTurn.then(work, work);
    const tail = result.catch(() => undefined);
    this.tails.set(about, tail);
    try {
      return await result;
    } finally {
      if (this.tails.get(about) === tail) this.tails.delete(about);
    }
  }
}
