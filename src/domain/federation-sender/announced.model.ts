/** Events of other servers' users that this server lets in, to be passed on when they are stored. See the port `Relay`. */
export class Announced {
  private readonly entries = new Map<string, boolean>();

  announce(eventId: string, { isEntry = false } = {}): void {
    this.entries.set(eventId, isEntry);
  }

  withdraw(eventId: string): void {
    this.entries.delete(eventId);
  }

  has(eventId: string): boolean {
    return this.entries.has(eventId);
  }

  /** Whether it is the join by which its sender's server comes into a room. */
  isEntry(eventId: string): boolean {
    return this.entries.get(eventId) === true;
  }
}
