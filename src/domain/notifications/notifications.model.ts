import type { ReadUpTo } from '../receipts';

/** Receipts' name for what is in no thread. */
export const MAIN_THREAD = 'main';

export interface UnreadCount {
  readonly notification: number;
  readonly highlight: number;
}

/** How much of a room is unread: the main timeline and each thread that has something unread, by its root. */
export interface RoomCounts {
  readonly main: UnreadCount;
  readonly threads: ReadonlyMap<string, UnreadCount>;
}

/** An event that notifies the user and is not read. */
export interface UnreadEvent {
  readonly ordinal: number;
  readonly eventId: string;
  /** A thread's root, or `main`. */
  readonly thread: string;
  readonly highlight: boolean;
}

/** More than this many in one room are not counted one by one; the oldest are let go. */
export const MAX_UNREAD = 5_000;

/**
 * What was found out about one user and one room, so that no event is judged twice. Oldest first; changed in place by its
 * owner only.
 */
export interface Checkpoint {
  /** Ordinal of the last event judged. */
  judgedTo: number;
  /** The user had left the room there. */
  away: boolean;
  unread: UnreadEvent[];
}

/** Takes what is read out of a checkpoint; true when that changed it. Receipts never go back, so it is gone for good. */
export function dropRead(checkpoint: Checkpoint, read: ReadUpTo): boolean {
  const before = checkpoint.unread.length;
  const upTo = (thread: string) => Math.max(read.unthreaded ?? -Infinity, read.threads.get(thread) ?? -Infinity);
  checkpoint.unread = checkpoint.unread.filter((event) => event.ordinal > upTo(event.thread));
  return checkpoint.unread.length !== before;
}

/** Counts a checkpoint. */
export function countUnread({ unread }: Checkpoint): RoomCounts {
  const threads = new Map<string, { notification: number; highlight: number }>();
  for (const { thread, highlight } of unread) {
    const count = threads.get(thread) ?? { notification: 0, highlight: 0 };
    count.notification += 1;
    count.highlight += highlight ? 1 : 0;
    threads.set(thread, count);
  }
  const main = threads.get(MAIN_THREAD) ?? { notification: 0, highlight: 0 };
  threads.delete(MAIN_THREAD);
  return { main, threads };
}
