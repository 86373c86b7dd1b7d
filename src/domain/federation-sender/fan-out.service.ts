import type { JoinedServers } from '../membership';
import type { OutboxRow } from './outbox.repository';

const TRY_AGAIN_MS = 1_000;

export interface FanOutParts {
  readonly servers: Pick<JoinedServers, 'of'>;
  /** Whether to talk with a server at all. */
  readonly allows: (server: string) => boolean;
  /** A server lacks an event. */
  readonly lacks: (destination: string, row: OutboxRow) => void;
  /** Every server that is to have them lacks these events now. */
  readonly onShared: (eventNids: readonly number[]) => void;
  readonly onError: (error: unknown) => void;
}

/** Shares events out among the servers in their rooms, soon after their commit and in the order of each room. */
export class FanOut {
  private waiting: OutboxRow[] = [];
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: FanOutParts) {}

  add(rows: readonly OutboxRow[]): void {
    this.waiting.push(...rows);
    this.running ??= this.run().finally(() => (this.running = undefined));
  }

  /** Ends with what is under way; what is left is in the outbox. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const rows = this.waiting;
      this.waiting = [];
      try {
        await this.share(rows);
      } catch (error) {
        this.parts.onError(error);
        this.timer = setTimeout(() => this.add(rows), TRY_AGAIN_MS).unref();
        return;
      }
    }
  }

  private async share(rows: readonly OutboxRow[]): Promise<void> {
    const inRooms = new Map<number, readonly string[]>();
    for (const { roomNid } of rows) {
      if (!inRooms.has(roomNid)) inRooms.set(roomNid, await this.parts.servers.of({ nid: roomNid }));
    }
    for (const row of rows) {
      const inRoom = inRooms.get(row.roomNid)!;
      const servers = row.alsoServer === null ? inRoom : new Set([...inRoom, row.alsoServer]);
      for (const server of servers) if (this.parts.allows(server)) this.parts.lacks(server, row);
    }
    this.parts.onShared(rows.map((row) => row.eventNid));
  }
}
