import type { Whoami } from '#rest/generated/client-server/whoami.routes';

export const whoami = (): Whoami => ({
  async getTokenOwner({ requester: { userId, deviceId, isGuest } }) {
    return { user_id: userId, is_guest: isGuest, ...(deviceId !== null && { device_id: deviceId }) };
  },
});
