/** Names that wait for a turn, of which some have theirs at the same time. Whoever had one goes to the end. */
export class Lane {
  private readonly waiting = new Set<string>();
  private readonly running = new Set<string>();

  /** @param width how many have their turn at one time */
  constructor(private readonly width: number) {}

  /** Asks for a turn; once, however often it is asked. */
  ask(name: string): void {
    if (!this.running.has(name)) this.waiting.add(name);
  }

  /** Whether somebody waits or has their turn. */
  has(name: string): boolean {
    return this.running.has(name) || this.waiting.has(name);
  }

  /** Who has their turn now; undefined when nobody waits or too many have. */
  next(): string | undefined {
    const [name] = this.waiting;
    if (name === undefined || this.running.size >= this.width) return undefined;
    this.waiting.delete(name);
    this.running.add(name);
    return name;
  }

  ended(name: string): void {
    this.running.delete(name);
  }

  clear(): void {
    this.waiting.clear();
  }
}
