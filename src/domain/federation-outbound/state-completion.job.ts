import { now } from '#kernel/time';
import type { PartialRoom, RoomImporting, StateCompletion } from '../timeline';
import type { RemoteServers } from './federation-outbound.ports';
import { requireRoomSize } from './room-size.model';
import { firstOf, type Ask } from './try-servers.model';

/** After a turn in which no server helped. Doubles up to the longest. */
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 3_600_000;
/** Rooms brought at the same time: a whole state may be a hundred megabytes. */
const ROOMS_AT_ONCE = 3;
/** Servers asked in one turn: the one that let us in, and others, each turn other ones. */
const SERVERS_A_TURN = 8;
/** For all servers of a turn together: those that stall would keep the other rooms waiting, one after another. */
const LONGEST_TURN_MS = 600_000;

/**
 * Brings the members of rooms that were joined by partial state. One room does not wait for another whose servers are slow,
 * and what a restart interrupts goes on after it. Spec: server-server, `omit_members` of send_join.
 */
export class StateCompletionJob {
  /** Rooms under way or waiting. */
  private readonly known = new Set<number>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private writing: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly imports: Pick<RoomImporting, 'partialRooms' | 'completeState'>,
    private readonly remote: Pick<RemoteServers, 'state'>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Begins with all rooms that lack members. */
  wake(): void {
    this.begin().catch(this.onError);
  }

  /** Ends when what came is written; what is still on its way is asked for again after the next start. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.timers.forEach((timer) => clearTimeout(timer));
    await this.writing;
  }

  private async begin(): Promise<void> {
    for (const partial of this.stopping ? [] : await this.imports.partialRooms()) {
      if (this.known.has(partial.room.nid)) continue;
      this.known.add(partial.room.nid);
      void this.bring(partial, 0);
    }
  }

  private async bring(partial: PartialRoom, turn: number): Promise<void> {
    const isDone = await this.inTurn(() => this.askEach(partial, turn));
    if (this.stopping) return;
    if (!isDone)
      return this.later(Math.min(FIRST_WAIT_MS * 2 ** turn, LONGEST_WAIT_MS), () => this.bring(partial, turn + 1));
    this.known.delete(partial.room.nid);
    // It may have been left and joined again meanwhile.
    this.wake();
  }

  private async askEach(partial: PartialRoom, turn: number): Promise<boolean> {
    const until = now() + LONGEST_TURN_MS;
    const unasked = new Set(serversOf(partial.servers, turn));
    while (unasked.size > 0 && now() < until) {
      try {
        const ask: Ask<StateCompletion> = (origin, signal) => {
          unasked.delete(origin);
          return this.stateOf(partial, origin, signal);
        };
        // None of them may use up the time of the others.
        const completion = await firstOf(unasked, ask, until - now());
        if (this.stopping) return false;
        const written = this.imports.completeState(partial.room, completion);
        this.writing = Promise.allSettled([this.writing, written]).then(() => undefined);
        await written;
        return true;
      } catch (error) {
        this.onError(error);
      }
    }
    return false;
  }

  private async stateOf({ room, eventId }: PartialRoom, origin: string, signal: AbortSignal): Promise<StateCompletion> {
    const { state, authChain } = await this.remote.state(origin, room.roomId, eventId, signal);
    requireRoomSize({ state, authChain });
    return { origin, eventId, state, authChain };
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.running >= ROOMS_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  private later(ms: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void work();
    }, ms).unref();
    this.timers.add(timer);
  }
}

function serversOf([first, ...others]: readonly string[], turn: number): string[] {
  const from = others.length === 0 ? 0 : (turn * (SERVERS_A_TURN - 1)) % others.length;
  const next = others.slice(from, from + SERVERS_A_TURN - 1);
  return first === undefined ? next : [first, ...next];
}
