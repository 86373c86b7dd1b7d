import type { Storage } from '#platform/storage/storage';
import { OutboxReader, OutboxWriter, type Marker, type OutboxRow } from './outbox.repository';

/** Events shared out in one transaction. */
const BATCH = 500;

export interface FanOutParts {
  readonly storage: Storage;
  /** The other servers in a room. */
  readonly serversIn: (roomNid: number) => Promise<readonly string[]>;
  /** Whether to talk with a server at all. */
  readonly allows: (server: string) => boolean;
  /** Told of servers that lack something now. */
  readonly onMarked: (destinations: Iterable<string>) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Shares events out among servers: for each room and server only a marker moves, so that a server that is gone for long
 * costs no more than one row for each room. What is not shared out yet is in the outbox, and survives.
 */
export class FanOut {
  private running: Promise<void> | undefined;
  private again = false;

  constructor(private readonly parts: FanOutParts) {}

  /** Shares out what there is; soon, and once for all who ask meanwhile. */
  wake(): void {
    this.again = true;
    this.running ??= this.run()
      .catch(this.parts.onError)
      .finally(() => (this.running = undefined));
  }

  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    while (this.again) {
      this.again = false;
      while (await this.share());
    }
  }

  private async share(): Promise<boolean> {
    const { storage, onMarked } = this.parts;
    const rows = await new OutboxReader(storage).next(BATCH);
    if (rows.length === 0) return false;
    const markers = await this.markersOf(rows);
    await storage.write(async (tx) => {
      const writer = new OutboxWriter(tx);
      await writer.mark(markers);
      await writer.shared(rows.map((row) => row.eventNid));
    });
    onMarked(new Set(markers.map(({ destination }) => destination)));
    return rows.length === BATCH;
  }

  private async markersOf(rows: readonly OutboxRow[]): Promise<(Marker & { destination: string })[]> {
    const markers = new Map<string, Marker & { destination: string }>();
    for (const [roomNid, ofRoom] of byRoom(rows)) {
      const inRoom = await this.parts.serversIn(roomNid);
      for (const { ordinal, alsoServer } of ofRoom) {
        for (const destination of alsoServer === null ? inRoom : new Set([...inRoom, alsoServer])) {
          if (!this.parts.allows(destination)) continue;
          const key = `${destination} ${roomNid}`;
          const from = markers.get(key)?.from ?? ordinal - 1;
          markers.set(key, { destination, roomNid, from, to: ordinal });
        }
      }
    }
    return [...markers.values()];
  }
}

function byRoom(rows: readonly OutboxRow[]): Map<number, OutboxRow[]> {
  const rooms = new Map<number, OutboxRow[]>();
  for (const row of rows) rooms.set(row.roomNid, [...(rooms.get(row.roomNid) ?? []), row]);
  return rooms;
}
