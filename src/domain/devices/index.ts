/**
 * Devices of local users, and the changes of device lists that clients must hear of. Owns the tables `devices` and
 * `device_list_changes` and the stream `device-lists`. Features that keep things per device attach themselves as
 * dependants. Spec: client-server API, "Device Management", "Tracking the device list for a user".
 */
export { Devices, MAX_DISPLAY_NAME_CHARACTERS } from './devices.service';
export { DEVICE_LISTS_STREAM } from './devices.stream';
export type { Device, Sighting } from './devices.model';
export type { DeviceDependant } from './devices.ports';
