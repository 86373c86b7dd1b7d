import { LRUCache } from 'lru-cache';
import type { JsonObject } from '#kernel/json';
import { atMost } from '#platform/cache/at-most';
import type { Storage } from '#platform/storage/storage';
import type { JoinedServers } from '../membership';
import type { Receipts } from '../receipts';
import type { RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import type { MissedReceipt } from './edu-buffer.model';
import { MissedReceiptsReader, MissedReceiptsWriter, type MissedReceiptRow } from './missed-receipts.repository';
import { receiptEdus, type SentReceipt } from './receipt-edus.model';

/** Of one transaction: 500 receipts in at most 100 EDUs, no more than receivers may be expected to look at. */
const ROOMS_AT_ONCE = 5;
const RECEIPTS_OF_ROOM = 100;
/** Servers and rooms of which is remembered that the database has a row. Of others it is written again. */
const REMEMBERED_ROWS = 100_000;
/** Rows of one database transaction. */
const BATCH = 500;
const TRY_AGAIN_MS = 1_000;

export interface MissedReceiptsParts {
  readonly serverName: string;
  readonly storage: Storage;
  readonly rooms: Pick<RoomState, 'infoByNid'>;
  readonly timeline: Pick<Timeline, 'graph'>;
  readonly servers: Pick<JoinedServers, 'has'>;
  readonly receipts: Pick<Receipts, 'publicSince'>;
  readonly onError: (error: unknown) => void;
}

/** Receipts for a server that has missed them, and whose rooms they are. */
export interface ReceiptParcel {
  readonly missed: readonly MissedReceipt[];
  readonly edus: readonly JsonObject[];
}

/**
 * Up to where people have read is still true after an outage, unlike who types: servers that were away get it when they are
 * back. What is written down is the room and since when, not the receipts, which are in their own table.
 */
export class MissedReceipts {
  private readonly reader: MissedReceiptsReader;
  private readonly known = new LRUCache<string, true>(atMost(REMEMBERED_ROWS));
  private waiting: MissedReceiptRow[] = [];
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: MissedReceiptsParts) {
    this.reader = new MissedReceiptsReader(parts.storage);
  }

  /** A server misses a receipt. Written down soon, and nothing when it misses earlier ones of the room. */
  note(destination: string, missed: MissedReceipt): void {
    const key = keyOf(destination, missed);
    if (this.known.has(key)) return;
    this.known.set(key, true);
    this.waiting.push({ ...missed, destination });
    this.writing ??= this.write().finally(() => (this.writing = undefined));
  }

  /** The newest of our users' receipts that a server has missed, of some rooms. */
  async next(destination: string): Promise<ReceiptParcel> {
    await this.writing;
    const missed = await this.reader.rooms(destination, ROOMS_AT_ONCE);
    const rooms = await this.parts.rooms.infoByNid(missed.map(({ roomNid }) => roomNid));
    const sent: SentReceipt[] = [];
    for (const { roomNid, since } of missed) {
      const room = rooms.get(roomNid);
      if (room === undefined || !(await this.parts.servers.has(room, destination))) continue;
      if (!(await this.parts.timeline.graph.allows(room, destination))) continue;
      const { serverName, receipts } = this.parts;
      const some = await receipts.publicSince(roomNid, serverName, since, RECEIPTS_OF_ROOM);
      sent.push(...some.map((receipt) => ({ ...receipt, roomId: room.roomId })));
    }
    return { missed, edus: receiptEdus(sent) };
  }

  /** The server has the receipts of some rooms. */
  async delivered(destination: string, missed: readonly MissedReceipt[]): Promise<void> {
    if (missed.length === 0) return;
    this.kept(destination, missed);
    await this.parts.storage.write((tx) => new MissedReceiptsWriter(tx).remove(destination, missed));
  }

  /** There are no rows of some rooms any more. */
  kept(destination: string, missed: readonly MissedReceipt[]): void {
    for (const one of missed) this.known.delete(keyOf(destination, one));
  }

  /** Ends when all is written down. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await (this.writing ?? this.write());
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, BATCH);
      try {
        await this.parts.storage.write((tx) => new MissedReceiptsWriter(tx).add(batch));
        this.waiting.splice(0, batch.length);
      } catch (error) {
        this.parts.onError(error);
        this.timer = setTimeout(() => void this.write(), TRY_AGAIN_MS).unref();
        return;
      }
    }
  }
}

function keyOf(destination: string, { roomNid }: MissedReceipt): string {
  return `${roomNid} ${destination}`;
}
