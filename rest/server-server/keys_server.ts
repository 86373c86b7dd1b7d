import type { Domain } from '#domain/domain';
import type { KeysServer } from '#rest/generated/server-server/keys_server.routes';

export const keysServer = ({ federation }: Pick<Domain, 'federation'>): KeysServer => ({
  async getServerKey() {
    return federation.ownKeys.publish();
  },
});
