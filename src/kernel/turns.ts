/** Runs what is about the same thing (a room, a server) one after another, and what is about others beside it. */
export class Turns {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(about: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(about) ?? Promise.resolve();
    const result = before.then(work, work);
    const tail = result.catch(() => undefined);
    this.tails.set(about, tail);
    try {
      return await result;
    } finally {
      if (this.tails.get(about) === tail) this.tails.delete(about);
    }
  }
}
