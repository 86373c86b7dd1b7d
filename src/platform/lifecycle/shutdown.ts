/**
 * Tells long-lived work (long polls, subscriptions, job loops) that the process is about to stop, so that each ends in
 * its own good time: a waiting sync answers with what it has.
 */
export class Shutdown {
  private readonly controller = new AbortController();

  /** Aborted once, when the server begins to stop. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(): void {
    this.controller.abort();
  }
}
