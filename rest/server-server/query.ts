import type { Domain } from '#domain/domain';
import { NotFoundError } from '#kernel/errors';
import type { Query, QueryProfile } from '#rest/generated/server-server/query.routes';

export const query = ({ federationInbound: { queries } }: Pick<Domain, 'federationInbound'>): Query => ({
  async queryInfo() {
    throw new NotFoundError('Unknown type of query');
  },

  async queryRoomDirectory({ query: { room_alias: alias } }) {
    const { roomId, servers } = await queries.alias(alias);
    return { room_id: roomId, servers: [...servers] };
  },

  async queryProfile({ query: { user_id: userId, field } }) {
    return (await queries.profile(userId, field)) as QueryProfile['reply'];
  },
});
