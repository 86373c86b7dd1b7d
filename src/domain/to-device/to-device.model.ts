import type { JsonObject } from '#kernel/json';
import type { Position } from '#platform/storage/storage';

/** A message as it waits for a device. */
export interface ToDeviceMessage {
  readonly sender: string;
  readonly type: string;
  readonly content: JsonObject;
  readonly position: Position;
}

/** Messages to send, by user and device; the device `*` stands for all of a user's devices. */
export type ToDeviceBatch = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

export interface SendToDevice {
  readonly type: string;
  readonly txnId: string;
  readonly messages: ToDeviceBatch;
}
