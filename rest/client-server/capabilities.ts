import { roomVersionStability } from '#protocol/room-versions';
import type { Capabilities } from '#rest/generated/client-server/capabilities.routes';

/** @param defaultRoomVersion the version of rooms that are created without naming one */
export const capabilities = (defaultRoomVersion: string): Capabilities => ({
  async getCapabilities() {
    return {
      capabilities: {
        'm.change_password': { enabled: true },
        'm.room_versions': { default: defaultRoomVersion, available: roomVersionStability() },
        'm.set_displayname': { enabled: true },
        'm.set_avatar_url': { enabled: true },
        'm.profile_fields': { enabled: true },
        'm.3pid_changes': { enabled: false },
        'm.get_login_token': { enabled: false },
      },
    };
  },
});
