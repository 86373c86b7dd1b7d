import type { Storage, Tx } from '#platform/storage/storage';
import type { Lack, Progress } from './backlog.model';
import { OutboxWriter, type QueueRow } from './outbox.repository';

const EVERY_MS = 10_000;
/** Rows of one transaction: writers wait for each other. */
const BATCH = 500;

/** What a server lacks, in memory. */
export interface Owed {
  readonly destination: string;
  readonly lack: Lack;
}

export interface CheckpointParts {
  readonly storage: Storage;
  /** All that is in memory. */
  readonly owed: () => Iterable<Owed>;
  /** Told what is in the database now. */
  readonly onSaved: (owed: Owed) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * The outbox is a log, and this its checkpoint: what servers still lack of events that were shared out a while ago becomes
 * rows of the queue, and the events leave the outbox. So an event that all servers get at once costs one row, however many
 * they are; and a crash costs at most that the last events are sent again, which receivers know already.
 */
export class Checkpoint {
  /** Counts the ticks. */
  generation = 0;
  private readonly shared = new Map<number, number[]>();
  private done = new Map<string, Set<number>>();
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: CheckpointParts) {}

  start(): void {
    this.timer = setInterval(() => void this.tick().catch(this.parts.onError), EVERY_MS).unref();
  }

  /** Writes all down. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.tick();
    await this.tick();
  }

  /** Events were shared out: whoever lacks one has it in memory. */
  sharedOut(eventNids: readonly number[]): void {
    const known = this.shared.get(this.generation);
    if (known === undefined) this.shared.set(this.generation, [...eventNids]);
    else known.push(...eventNids);
  }

  /** Notes what a server has now. Its rows are removed some time. */
  delivered(destination: string, { progress }: { readonly progress: readonly Progress[] }): void {
    for (const { lack } of progress) if (lack.isOver && lack.stored !== undefined) this.over(destination, lack.roomNid);
  }

  /** Removes the rows of what was delivered to a server, before they are read again. */
  async settled(destination: string): Promise<void> {
    await this.writing.catch(() => undefined);
    if (this.done.has(destination)) await this.queued(() => this.removeDone());
  }

  /** Writes down what is older than the tick before. */
  async tick(): Promise<void> {
    const old = this.generation++;
    await this.queued(async () => {
      await this.removeDone();
      await this.save(old);
      await this.clearOutbox(old);
    });
  }

  private over(destination: string, roomNid: number): void {
    this.done.set(destination, (this.done.get(destination) ?? new Set()).add(roomNid));
  }

  private async removeDone(): Promise<void> {
    const { done } = this;
    this.done = new Map();
    try {
      await this.inBatches([...done], async (writer, batch) => {
        for (const [destination, rooms] of batch) await writer.unmark(destination, [...rooms]);
      });
    } catch (error) {
      for (const [destination, rooms] of done) for (const roomNid of rooms) this.over(destination, roomNid);
      throw error;
    }
  }

  private async save(before: number): Promise<void> {
    const old = [...this.parts.owed()].filter(({ lack }) => lack.generation < before);
    const due = old.filter(({ lack }) => isNews(lack)).map((owed) => ({ owed, row: rowOf(owed) }));
    await this.inBatches(due, async (writer, batch) => {
      await writer.mark(batch.filter(({ owed }) => owed.lack.stored === undefined).map(({ row }) => row));
      for (const { owed, row } of batch) if (owed.lack.stored !== undefined) await writer.move(row);
    });
    for (const { owed, row } of due) owed.lack.stored = row;
    for (const owed of old) {
      // Much may have happened while it was written.
      if (owed.lack.isOver) this.over(owed.destination, owed.lack.roomNid);
      else if (!isNews(owed.lack)) this.parts.onSaved(owed);
    }
  }

  private async clearOutbox(before: number): Promise<void> {
    for (const [generation, nids] of this.shared) {
      if (generation >= before) continue;
      await this.inBatches(nids, (writer, batch) => writer.remove(batch));
      this.shared.delete(generation);
    }
  }

  private async inBatches<T>(
    rows: readonly T[],
    work: (writer: OutboxWriter, batch: readonly T[]) => Promise<void>,
  ): Promise<void> {
    for (let i = 0; i < rows.length; i += BATCH) {
      const batch = rows.slice(i, i + BATCH);
      await this.parts.storage.write((tx: Tx) => work(new OutboxWriter(tx), batch));
    }
  }

  /** One after another. */
  private queued(work: () => Promise<void>): Promise<void> {
    this.writing = this.writing.catch(() => undefined).then(work);
    return this.writing;
  }
}

function isNews({ stored, from, to }: Lack): boolean {
  return stored === undefined || stored.from < from || stored.to < to;
}

function rowOf({ destination, lack: { roomNid, from, to } }: Owed): QueueRow {
  return { destination, roomNid, from, to };
}
