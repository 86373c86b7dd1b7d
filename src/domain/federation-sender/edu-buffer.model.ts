import type { JsonObject } from '#kernel/json';

/** A receipt that a server has missed is still of use later: of which room, and of when, in epoch milliseconds. */
export interface MissedReceipt {
  readonly roomNid: number;
  readonly since: number;
}

/** One EDU that is to be sent. */
export interface LocalEdu {
  /** What it is about: a newer one takes its place. */
  readonly subject: string;
  /** Called when it is sent, since some EDUs say how long ago something was. */
  readonly make: () => { readonly edu_type: string; readonly content: JsonObject };
  /** Of a receipt, what is missed without it. All else ages. */
  readonly receipt?: MissedReceipt;
}

export interface TakenEdus {
  readonly edus: readonly JsonObject[];
  readonly receipts: readonly MissedReceipt[];
}

const MAX_WAITING = 500;

/** EDUs that wait for a server, of each subject only the newest. */
export class EduBuffer {
  private readonly waiting = new Map<string, LocalEdu>();

  /** @param onMissed told of the receipts that are dropped */
  constructor(private readonly onMissed: (receipt: MissedReceipt) => void) {}

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** Takes the place of an older one of the same subject; the oldest of all makes room. */
  add(edu: LocalEdu): void {
    this.waiting.delete(edu.subject);
    if (this.waiting.size >= MAX_WAITING) this.drop(1);
    this.waiting.set(edu.subject, edu);
  }

  /** Takes out the oldest. */
  take(limit: number): TakenEdus {
    const taken = [...this.waiting.values()].slice(0, limit);
    for (const { subject } of taken) this.waiting.delete(subject);
    const edus = taken.map(({ make }) => ({ ...make() }));
    return { edus, receipts: taken.flatMap(({ receipt }) => receipt ?? []) };
  }

  clear(): void {
    this.drop(this.waiting.size);
  }

  private drop(count: number): void {
    for (const { subject, receipt } of [...this.waiting.values()].slice(0, count)) {
      this.waiting.delete(subject);
      if (receipt !== undefined) this.onMissed(receipt);
    }
  }
}
