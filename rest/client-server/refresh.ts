import type { Domain } from '#domain/domain';
import type { Refresh } from '#rest/generated/client-server/refresh.routes';

export const refresh = ({ sessions }: Pick<Domain, 'sessions'>): Refresh => ({
  async refresh({ body }) {
    const { accessToken, refreshToken, expiresInMs } = await sessions.refresh(body.refresh_token);
    return { access_token: accessToken, refresh_token: refreshToken, expires_in_ms: expiresInMs };
  },
});
