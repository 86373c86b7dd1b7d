import { LimitExceededError } from '#kernel/errors';

/** Waiting for one server's earlier work; more are sent away. */
const MAX_WAITING = 8;
const RETRY_MS = 2_000;

/** Runs work of each server one after another, so that no server takes more than its share. */
export class Lanes {
  private readonly lanes = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  /** @throws LimitExceededError when too much of this server's work waits already */
  run<T>(server: string, work: () => Promise<T>): Promise<T> {
    const lane = this.lanes.get(server) ?? { tail: Promise.resolve(), waiting: 0 };
    if (lane.waiting >= MAX_WAITING) throw new LimitExceededError(RETRY_MS);
    this.lanes.set(server, lane);
    lane.waiting++;
    const result = lane.tail.then(work).finally(() => this.left(server, lane));
    lane.tail = result.catch(() => undefined);
    return result;
  }

  private left(server: string, lane: { waiting: number }): void {
    lane.waiting--;
    if (lane.waiting === 0) this.lanes.delete(server);
  }
}
