import type { Tx } from '#platform/storage/storage';

/**
 * A feature that keeps things for a device (tokens, queued messages, keys) and drops them when the device goes, in the
 * same transaction.
 */
export interface DeviceDependant {
  /** `userId` and all `deviceIds` are being removed. Awaits nothing but `tx`. */
  devicesRemoved(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void>;
}
