import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import type { Storage, Tx } from '#platform/storage/storage';
import type { Checkpoint } from './checkpoint.model';
import { CheckpointsReader, CheckpointsWriter } from './checkpoints.repository';

interface Unsaved {
  readonly userId: string;
  readonly roomNid: number;
  readonly checkpoint: Checkpoint;
}

const KEPT = 100_000;
/** Checkpoints written in one transaction. */
const SAVED_AT_ONCE = 50;
/** With more than this waiting, everything is written, worth it or not, to let go of the memory. */
const MAX_UNSAVED = 50_000;

/** Keeps checkpoints in memory and writes them down when it is worth it. */
export class CheckpointStore {
  private readonly reader: CheckpointsReader;
  private readonly kept = new LRUCache<string, Checkpoint>(atMost(KEPT));
  private readonly unsaved = new Map<string, Unsaved>();
  /** Counts may be under way with them, and must not bring them back. */
  private readonly forgotten = new WeakSet<Checkpoint>();

  constructor(private readonly storage: Storage) {
    this.reader = new CheckpointsReader(storage);
  }

  /** A user's checkpoint in a room, or what `begin` makes when there was none. */
  async of(
    userId: string,
    roomNid: number,
    begin: () => Promise<Checkpoint | undefined>,
  ): Promise<Checkpoint | undefined> {
    const key = keyOf(userId, roomNid);
    const inMemory = this.kept.get(key) ?? this.unsaved.get(key)?.checkpoint;
    const checkpoint = inMemory ?? (await this.reader.of(userId, [roomNid])).get(roomNid) ?? (await begin());
    if (checkpoint !== undefined) this.kept.set(key, checkpoint);
    return checkpoint;
  }

  /** Reads those of many rooms that are not in memory. */
  async prepare(userId: string, roomNids: readonly number[]): Promise<void> {
    const isMissing = (nid: number) => !this.kept.has(keyOf(userId, nid)) && !this.unsaved.has(keyOf(userId, nid));
    const missing = roomNids.filter(isMissing);
    if (missing.length === 0) return;
    const found = await this.reader.of(userId, missing);
    for (const [nid, checkpoint] of found) if (isMissing(nid)) this.kept.set(keyOf(userId, nid), checkpoint);
  }

  /** Notes that a checkpoint changed, unless it was forgotten meanwhile. */
  changed(userId: string, roomNid: number, checkpoint: Checkpoint): void {
    if (!this.forgotten.has(checkpoint)) this.unsaved.set(keyOf(userId, roomNid), { userId, roomNid, checkpoint });
  }

  /** Forgets what some users have not read in a room: they begin anew at their receipts. */
  async forget(tx: Tx, userIds: readonly string[], roomNid: number): Promise<void> {
    await new CheckpointsWriter(tx).remove(userIds, roomNid);
    tx.afterCommit(() => {
      for (const key of userIds.map((userId) => keyOf(userId, roomNid))) {
        const checkpoint = this.kept.get(key) ?? this.unsaved.get(key)?.checkpoint;
        if (checkpoint !== undefined) this.forgotten.add(checkpoint);
        this.kept.delete(key);
        this.unsaved.delete(key);
      }
    });
  }

  /**
   * Writes down what is worth it, or `all`. What is not written costs, after a crash, to judge a few events again; writing
   * a long list for each new event would cost more.
   */
  async save(all = false): Promise<void> {
    const wanted = all || this.unsaved.size > MAX_UNSAVED;
    const saved = [...this.unsaved].filter(([, { checkpoint }]) => wanted || checkpoint.isWorthSaving);
    for (let start = 0; start < saved.length; start += SAVED_AT_ONCE) {
      const batch = saved.slice(start, start + SAVED_AT_ONCE);
      for (const [key] of batch) this.unsaved.delete(key);
      await this.storage.write((tx) => write(new CheckpointsWriter(tx), batch));
    }
  }
}

async function write(writer: CheckpointsWriter, batch: readonly [string, Unsaved][]): Promise<void> {
  for (const [, { userId, roomNid, checkpoint }] of batch) await writer.save(userId, roomNid, checkpoint.saved());
}

const keyOf = (userId: string, roomNid: number): string => `${roomNid} ${userId}`;
