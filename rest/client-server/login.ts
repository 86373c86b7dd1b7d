import type { Domain } from '#domain/domain';
import type { Login } from '#rest/generated/client-server/login.routes';
import { signedInToWire } from './signed-in.mapper';

export const login = ({ accounts, sessions }: Pick<Domain, 'accounts' | 'sessions'>): Login => ({
  async getLoginFlows() {
    return { flows: sessions.logins.flows() };
  },

  async login({ body }) {
    const { device_id: deviceId, initial_device_display_name: displayName, refresh_token: refreshable, ...rest } = body;
    // Some clients send an empty device id for none.
    const signedIn = await sessions.login({ ...rest, deviceId: deviceId || undefined, displayName, refreshable });
    return signedInToWire(signedIn, accounts.serverName);
  },
});
