/**
 * To-device messages: queued per device until the device has synced past them. Owns the tables `to_device_messages` and
 * `to_device_transactions` and the stream `to-device`. Spec: client-server API, "Send-to-Device messaging".
 */
export { ToDevice } from './to-device.service';
export { MAX_CONTENT_BYTES } from './send-request.model';
export { TO_DEVICE_STREAM, type ToDeviceNews } from './to-device.stream';
export type { SendToDevice, ToDeviceBatch, ToDeviceMessage } from './to-device.model';
export type { RemoteToDevice } from './to-device.ports';
