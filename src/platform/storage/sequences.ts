import type { SqlValue } from './storage';

/** The two statements a sequence needs, on whichever connection can commit them apart from the caller's work. */
export interface SequenceConnection {
  read(sql: string, params: readonly SqlValue[]): Promise<{ next_value: number } | undefined>;
  run(sql: string, params: readonly SqlValue[]): Promise<unknown>;
}

const BLOCK = 10_000;

/**
 * Counters reserved in blocks: the row holds the first number that was never handed out, so a crash skips numbers and
 * repeats none. `next` is synchronous; `reserve` is called before each transaction and keeps at least half a block ahead.
 */
export class Sequences {
  private readonly blocks = new Map<string, { next: number; limit: number }>();

  constructor(private readonly names: readonly string[]) {}

  /** The next number of a sequence. */
  next(name: string): number {
    const block = this.blocks.get(name);
    if (block === undefined || block.next >= block.limit)
      throw new Error(`sequence ${name} has no reserved numbers left`);
    return block.next++;
  }

  /** True when `reserve` has something to do. */
  get low(): boolean {
    return this.names.some((name) => this.isLow(name));
  }

  /** Reserves further numbers; returns an undo for when the reservation does not commit. */
  async reserve(connection: SequenceConnection): Promise<() => void> {
    const undo: (() => void)[] = [];
    for (const name of this.names) {
      if (!this.isLow(name)) continue;
      const row = await connection.read('SELECT next_value FROM sequences WHERE name = ?', [name]);
      const start = row?.next_value ?? 1;
      if (row === undefined)
        await connection.run('INSERT INTO sequences (name, next_value) VALUES (?, ?)', [name, start + BLOCK]);
      else await connection.run('UPDATE sequences SET next_value = ? WHERE name = ?', [start + BLOCK, name]);
      const before = this.blocks.get(name);
      // A block that follows the one in use is joined to it; otherwise (first use, other writers) a new one begins.
      const joined = before !== undefined && before.limit === start;
      this.blocks.set(
        name,
        joined ? { next: before.next, limit: start + BLOCK } : { next: start, limit: start + BLOCK },
      );
      undo.push(() => {
        const now = this.blocks.get(name)!;
        this.blocks.set(name, { next: now.next, limit: joined ? before.limit : now.next });
      });
    }
    return () => undo.forEach((step) => step());
  }

  private isLow(name: string): boolean {
    const block = this.blocks.get(name);
    return block === undefined || block.limit - block.next < BLOCK / 2;
  }
}
