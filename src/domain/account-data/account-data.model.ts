import type { JsonObject } from '#kernel/json';

/** One entry as `/sync` shows it. */
export interface AccountDataEntry {
  readonly type: string;
  readonly content: JsonObject;
}

export interface RoomAccountDataEntry extends AccountDataEntry {
  readonly roomId: string;
}

/** What the stream `account-data` says of a change. */
export interface AccountDataChange {
  /** Null for global data. */
  readonly roomId: string | null;
  readonly type: string;
}
