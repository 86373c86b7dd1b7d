/** What never changes about a room; cached for ever once read. */
export interface RoomInfo {
  /** Numeric id, for tables. */
  readonly nid: number;
  readonly roomId: string;
  /** From an immutable column, never from a (redactable) create event: see the room version table in #protocol. */
  readonly version: string;
  /** Senders of the create event and, in version 12, its additional creators. */
  readonly creators: readonly string[];
  /** `type` of the create event's content, as `m.space`. */
  readonly roomType: string | null;
}

/** A place in the shared, persistent history of a room's state; immutable. */
export type SnapshotId = number;

/** One entry of a state: which event holds (type, state key). */
export interface StateEntry {
  readonly type: string;
  readonly stateKey: string;
  readonly eventNid: number;
}
