/** Bounds of `/sync`. They keep one answer, and one waiting client, affordable whoever asks. */
export interface SyncConfig {
  /** Events of a room's timeline when the filter names no limit. */
  readonly defaultTimelineLimit: number;
  /** The most events of a room's timeline, whatever the filter says. */
  readonly maxTimelineLimit: number;
  /** The longest a request is held open, in milliseconds. */
  readonly maxTimeoutMs: number;
  /** Send-to-device messages in one answer. */
  readonly toDeviceLimit: number;
  /** Requests of one user that wait at the same time; the one that waited longest is answered when there are more. */
  readonly maxWaitersPerUser: number;
}

export const DEFAULT_SYNC: SyncConfig = {
  defaultTimelineLimit: 10,
  maxTimelineLimit: 100,
  maxTimeoutMs: 180_000,
  toDeviceLimit: 100,
  maxWaitersPerUser: 50,
};
