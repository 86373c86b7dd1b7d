import type { Tx } from '#platform/storage/storage';
import type { ToDeviceBatch } from './to-device.model';

/** Takes messages for users of other servers into the outbox, in the sender's transaction. */
export interface RemoteToDevice {
  send(tx: Tx, sender: string, type: string, messages: ToDeviceBatch): Promise<void>;
}
