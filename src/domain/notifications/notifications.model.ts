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

/** What was found out about one user and one room, so that no event is judged twice. */
export interface CheckpointState {
  /** Ordinal of the last event judged. */
  readonly judgedTo: number;
  /** The user had left the room there. */
  readonly away: boolean;
  /** Oldest first. */
  readonly unread: readonly UnreadEvent[];
}
