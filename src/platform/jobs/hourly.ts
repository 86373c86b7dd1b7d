const HOUR_MS = 3_600_000;

/** Does some work once an hour, one time after the other. */
export class Hourly {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly work: () => Promise<void>) {}

  /** Begins an hour from now. */
  start(onError: (error: unknown) => void): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(this.work).catch(onError);
    }, HOUR_MS).unref();
  }

  /** Resolves when the work in hand is done. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}
