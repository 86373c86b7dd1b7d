/** A row of the queue: what one server lacks of one room, the events that this server sends out after `from` and up to `to`. */
export interface Marker {
  readonly roomNid: number;
  readonly from: number;
  readonly to: number;
}

/** The same in memory, where it moves. */
export interface Lack {
  readonly roomNid: number;
  /** Moves on with what is delivered. */
  from: number;
  /** Moves on with new events. */
  to: number;
  /** In which generation of the checkpoint the oldest of the events came; those before it are not in the outbox any more. */
  generation: number;
  /** What the database says, when it has a row. */
  stored: Pick<Marker, 'from' | 'to'> | undefined;
  /** True once all is delivered; a checkpoint under way may write it nevertheless. */
  isOver: boolean;
}

/** How far a transaction brings a server in one room. */
export interface Progress {
  readonly lack: Lack;
  readonly upTo: number;
  /** Whether that is all that was known when the transaction was put together. */
  readonly isAll: boolean;
}

/**
 * What one server lacks, as far as it is in memory: a range for each room, however many events. What an earlier run or an
 * outage left in the database is read page by page and goes first: until it is done with, nothing newer leaves.
 */
export class Backlog {
  private readonly page = new Map<number, Lack>();
  private readonly fresh = new Map<number, Lack>();

  /** @param hasStored whether the database may hold rows that are not in memory */
  constructor(private hasStored = false) {}

  get isEmpty(): boolean {
    return !this.hasStored && this.page.size === 0 && this.fresh.size === 0;
  }

  /** Whether rows are to be read before anything is sent. */
  get wantsPage(): boolean {
    return this.hasStored && this.page.size === 0;
  }

  /** Notes an event that is to be sent. */
  add(roomNid: number, ordinal: number, generation: number): void {
    const known = this.page.get(roomNid) ?? this.fresh.get(roomNid);
    if (known === undefined) {
      const range = { roomNid, from: ordinal - 1, to: ordinal };
      this.fresh.set(roomNid, { ...range, generation, stored: undefined, isOver: false });
      return;
    }
    known.from = Math.min(known.from, ordinal - 1);
    known.to = Math.max(known.to, ordinal);
  }

  /** Takes rows that were read; none says that there are no more. */
  turnPage(markers: readonly Marker[], generation: number): void {
    if (markers.length === 0) this.hasStored = false;
    for (const { roomNid, from, to } of markers) {
      const fresh = this.fresh.get(roomNid);
      this.fresh.delete(roomNid);
      const lack = fresh ?? { roomNid, from, to, generation, stored: undefined, isOver: false };
      // A row that is known already may lag behind what is in memory.
      if (lack.stored === undefined) lack.from = Math.min(lack.from, from);
      lack.to = Math.max(lack.to, to);
      lack.stored = { from, to };
      this.page.set(roomNid, lack);
    }
  }

  /** What to send of next: the rooms in the order in which they came to lack something. */
  next(rooms: number): Lack[] {
    const lacks = this.page.size > 0 ? this.page : this.fresh;
    return [...lacks.values()].slice(0, rooms);
  }

  /** Notes that the server has a room's events up to an ordinal. `generation`: that in which the transaction was put together. */
  delivered({ lack, upTo, isAll }: Progress, generation: number): void {
    lack.from = Math.max(lack.from, upTo);
    if (isAll) lack.generation = Math.max(lack.generation, generation);
    lack.isOver = lack.from >= lack.to;
    if (lack.isOver) this.drop(lack);
  }

  /** Notes the same of a transaction of an earlier run, or from before an outage. */
  reached(roomNid: number, upTo: number): void {
    const lack = this.page.get(roomNid) ?? this.fresh.get(roomNid);
    if (lack === undefined) return;
    lack.from = Math.max(lack.from, upTo);
    lack.isOver = lack.from >= lack.to;
    if (lack.isOver) this.drop(lack);
  }

  /** Lets go of a range. */
  drop({ roomNid }: Lack): void {
    this.page.delete(roomNid);
    this.fresh.delete(roomNid);
  }

  /** All that is in memory. */
  *lacks(): Generator<Lack> {
    yield* this.page.values();
    yield* this.fresh.values();
  }

  /** What is in memory may soon be in the database alone: next time that is read first. */
  rest(): void {
    for (const [roomNid, lack] of this.page) this.fresh.set(roomNid, lack);
    this.page.clear();
    this.hasStored = true;
  }
}
