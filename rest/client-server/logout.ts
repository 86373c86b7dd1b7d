import type { Domain } from '#domain/domain';
import type { Logout } from '#rest/generated/client-server/logout.routes';

export const logout = ({ sessions }: Pick<Domain, 'sessions'>): Logout => ({
  async logout({ requester }) {
    await sessions.logout(requester);
    return {};
  },

  async logout_all({ requester }) {
    await sessions.logoutAll(requester.userId);
    return {};
  },
});
