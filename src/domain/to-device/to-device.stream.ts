/** Messages wait for a device; key: user id, payload: `ToDeviceNews`. */
export const TO_DEVICE_STREAM = 'to-device';

export interface ToDeviceNews {
  readonly deviceIds: readonly string[];
}
