import type { Device } from '#domain/devices';
import type { Domain } from '#domain/domain';
import { PASSWORD_STAGE } from '#domain/sessions';
import { NotFoundError } from '#kernel/errors';
import type { DeviceManagement } from '#rest/generated/client-server/device_management.routes';

const FLOWS = [[PASSWORD_STAGE]];

export const deviceManagement = ({ devices, sessions }: Pick<Domain, 'devices' | 'sessions'>): DeviceManagement => ({
  async getDevices({ requester: { userId } }) {
    return { devices: (await devices.list(userId)).map(deviceToWire) };
  },

  async getDevice({ requester: { userId }, path: { deviceId } }) {
    const device = await devices.get(userId, deviceId);
    if (device === undefined) throw new NotFoundError('No such device');
    return deviceToWire(device);
  },

  async updateDevice({ requester: { userId }, path: { deviceId }, body }) {
    await devices.rename(userId, deviceId, body.display_name);
    return {};
  },

  async deleteDevice({ requester: { userId }, path: { deviceId }, body }) {
    await sessions.uia.authorize({ operation: `deleteDevice ${deviceId}`, userId, body, flows: FLOWS });
    await devices.remove(userId, [deviceId]);
    return {};
  },

  async deleteDevices({ requester: { userId }, body }) {
    await sessions.uia.authorize({ operation: 'deleteDevices', userId, body, flows: FLOWS });
    await devices.remove(userId, body.devices);
    return {};
  },
});

function deviceToWire({ deviceId, displayName, lastSeenIp, lastSeenTs }: Device) {
  return {
    device_id: deviceId,
    ...(displayName !== null && { display_name: displayName }),
    ...(lastSeenIp !== null && { last_seen_ip: lastSeenIp }),
    ...(lastSeenTs !== null && { last_seen_ts: lastSeenTs }),
  };
}
