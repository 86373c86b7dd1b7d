import type { PartialRoom, RoomImporting } from '../timeline';
import type { RemoteServers } from './federation-outbound.ports';

/** After a round in which some room could not be completed. Doubles up to the longest. */
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Brings the members of rooms that were joined by partial state, one room after another; what a restart interrupts goes on
 * after it. Spec: server-server, `omit_members` of send_join.
 */
export class StateCompletionJob {
  private work: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private waitMs = FIRST_WAIT_MS;
  private stopping = false;

  constructor(
    private readonly imports: Pick<RoomImporting, 'partialRooms' | 'completeState'>,
    private readonly remote: Pick<RemoteServers, 'state'>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Goes through all rooms that lack members, now. */
  wake(): void {
    clearTimeout(this.timer);
    this.work = this.work.then(() => this.round()).catch(this.onError);
  }

  /** Ends after the room in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.work;
  }

  private async round(): Promise<void> {
    let left = 0;
    for (const room of this.stopping ? [] : await this.imports.partialRooms()) {
      if (!this.stopping && !(await this.complete(room))) left++;
    }
    this.waitMs = left === 0 ? FIRST_WAIT_MS : Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    if (left > 0 && !this.stopping) this.timer = setTimeout(() => this.wake(), this.waitMs).unref();
  }

  private async complete({ room, eventId, servers }: PartialRoom): Promise<boolean> {
    for (const origin of servers) {
      try {
        const { state, authChain } = await this.remote.state(origin, room.roomId, eventId);
        await this.imports.completeState(room, { origin, eventId, state, authChain });
        return true;
      } catch (error) {
        this.onError(error);
      }
    }
    return false;
  }
}
