import type { Position, Positions } from '#platform/storage/storage';

/** Changes that are remembered of each writer. */
const MAX_CHANGES = 20_000;

interface ListChange {
  readonly userId: string;
  readonly pos: number;
}

/** The latest changes of device lists. By writer, because news of one writer comes in the order of its positions. */
export class DeviceListLog {
  /** Oldest first. */
  private readonly changes = new Map<number, ListChange[]>();
  /** The log is complete after this. */
  private readonly floor: Map<number, number>;

  constructor(
    start: Positions,
    private readonly max = MAX_CHANGES,
  ) {
    this.floor = new Map(start);
  }

  note(userId: string, { writer, pos }: Position): void {
    const changes = this.changes.get(writer) ?? [];
    this.changes.set(writer, changes);
    changes.push({ userId, pos });
    if (changes.length <= this.max) return;
    const dropped = changes.splice(0, Math.ceil(this.max / 2));
    this.floor.set(writer, dropped.at(-1)!.pos);
  }

  /** Users whose lists changed after `since`; undefined when the log does not reach back so far. Costs what is new. */
  since(since: Positions): string[] | undefined {
    for (const [writer, pos] of this.floor) if (pos > (since.get(writer) ?? 0)) return undefined;
    const users = new Set<string>();
    for (const [writer, changes] of this.changes) {
      const known = since.get(writer) ?? 0;
      for (let at = changes.length - 1; at >= 0 && changes[at]!.pos > known; at--) users.add(changes[at]!.userId);
    }
    return [...users];
  }
}
