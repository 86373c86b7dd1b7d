import type { ReadUpTo } from '../receipts';
import { MAIN_THREAD, type CheckpointState, type RoomCounts, type UnreadEvent } from './notifications.model';

/** More than this many in one room are not counted; the oldest are let go. */
export const MAX_UNREAD = 5_000;
const MIN_NEWS = 20;

const UNREAD: ReadUpTo = { unthreaded: undefined, threads: new Map() };

/**
 * One user's unread events in one room. Counts are kept, not made: asking for them and adding an event cost the same
 * however much is unread.
 */
export class Checkpoint {
  judgedTo: number;
  away: boolean;
  private unread: UnreadEvent[];
  /** What was read when `unread` was last sifted; receipts are replaced, never changed. */
  private read = UNREAD;
  private savedTo: number;
  private counted: Map<string, { notification: number; highlight: number }>;

  constructor(state: CheckpointState) {
    this.judgedTo = state.judgedTo;
    this.savedTo = state.judgedTo;
    this.away = state.away;
    this.unread = [...state.unread];
    this.counted = count(this.unread);
  }

  /** Whether enough was judged since the last time, measured by what there is to write. */
  get isWorthSaving(): boolean {
    return this.judgedTo - this.savedTo >= Math.max(MIN_NEWS, this.unread.length / 2);
  }

  /** The state to write down now. */
  saved(): CheckpointState {
    this.savedTo = this.judgedTo;
    return { judgedTo: this.judgedTo, away: this.away, unread: this.unread };
  }

  /** Takes out what is read; true when that was something. Receipts never go back, so it is gone for good. */
  markRead(read: ReadUpTo): boolean {
    if (read === this.read) return false;
    this.read = read;
    return this.keep((event) => !isRead(event, read));
  }

  /** Adds an event, unless it is read. */
  add(event: UnreadEvent): void {
    if (isRead(event, this.read)) return;
    this.unread.push(event);
    tally(this.counted, event);
    // Let go in bulk, so that a long list is not copied for each event.
    if (this.unread.length >= 2 * MAX_UNREAD) this.keepNewest();
  }

  has(eventId: string): boolean {
    return this.unread.some((event) => event.eventId === eventId);
  }

  /** Takes out a redacted event. */
  remove(eventId: string): void {
    this.keep((event) => event.eventId !== eventId);
  }

  /** Takes out a thread. */
  clearThread(thread: string): void {
    if (this.counted.has(thread)) this.keep((event) => event.thread !== thread);
  }

  clear(): void {
    this.keep(() => false);
  }

  keepNewest(): void {
    if (this.unread.length > MAX_UNREAD) this.replace(this.unread.slice(-MAX_UNREAD));
  }

  get counts(): RoomCounts {
    const threads = new Map([...this.counted].map(([thread, counts]) => [thread, { ...counts }]));
    const main = threads.get(MAIN_THREAD) ?? { notification: 0, highlight: 0 };
    threads.delete(MAIN_THREAD);
    return { main, threads };
  }

  private keep(test: (event: UnreadEvent) => boolean): boolean {
    const kept = this.unread.filter(test);
    if (kept.length === this.unread.length) return false;
    this.replace(kept);
    return true;
  }

  private replace(unread: UnreadEvent[]): void {
    this.unread = unread;
    this.counted = count(unread);
  }
}

function isRead({ ordinal, thread }: UnreadEvent, { unthreaded, threads }: ReadUpTo): boolean {
  return ordinal <= (unthreaded ?? -Infinity) || ordinal <= (threads.get(thread) ?? -Infinity);
}

function count(unread: readonly UnreadEvent[]): Map<string, { notification: number; highlight: number }> {
  const counted = new Map<string, { notification: number; highlight: number }>();
  for (const event of unread) tally(counted, event);
  return counted;
}

function tally(counted: Map<string, { notification: number; highlight: number }>, event: UnreadEvent): void {
  const counts = counted.get(event.thread) ?? { notification: 0, highlight: 0 };
  counts.notification += 1;
  counts.highlight += event.highlight ? 1 : 0;
  counted.set(event.thread, counts);
}
