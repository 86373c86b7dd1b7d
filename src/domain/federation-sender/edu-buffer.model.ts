import type { JsonObject } from '#kernel/json';

/** One EDU; made when it is sent, since some say how long ago something was. */
export type EduMaker = () => { readonly edu_type: string; readonly content: JsonObject };

const MAX_WAITING = 500;

/** EDUs that wait for a server, of each subject only the newest. They are lost when the program ends: all of them age. */
export class EduBuffer {
  private readonly waiting = new Map<string, EduMaker>();

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** @param subject what the EDU is about; takes the place of an older one */
  add(subject: string, make: EduMaker): void {
    this.waiting.delete(subject);
    if (this.waiting.size >= MAX_WAITING)
      for (const oldest of this.waiting.keys()) return this.replace(oldest, subject, make);
    this.waiting.set(subject, make);
  }

  /** Takes out the oldest. */
  take(limit: number): JsonObject[] {
    const taken = [...this.waiting].slice(0, limit);
    for (const [subject] of taken) this.waiting.delete(subject);
    return taken.map(([, make]) => ({ ...make() }));
  }

  clear(): void {
    this.waiting.clear();
  }

  private replace(oldest: string, subject: string, make: EduMaker): void {
    this.waiting.delete(oldest);
    this.waiting.set(subject, make);
  }
}
