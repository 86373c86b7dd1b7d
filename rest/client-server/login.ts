import type { Domain } from '#domain/domain';
import type { Login } from '#rest/generated/client-server/login.routes';
import { signedInToWire } from './signed-in.mapper';

export const login = ({ accounts, sessions }: Pick<Domain, 'accounts' | 'sessions'>): Login => ({
  async getLoginFlows() {
    return { flows: sessions.logins.flows() };
  },

  async login({ body }) {
    const { device_id: deviceId, initial_device_display_name: displayName, refresh_token: refreshable, ...rest } = body;
    const signedIn = await sessions.login({ ...rest, deviceId, displayName, refreshable });
    return signedInToWire(signedIn, accounts.serverName);
  },
});
