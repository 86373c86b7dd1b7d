import type { Domain } from '#domain/domain';
import type { Filter } from '#rest/generated/client-server/filter.routes';
import { requireOwnUser } from '#rest/runtime/own-user';

export const filter = ({ filters }: Pick<Domain, 'filters'>): Filter => ({
  async defineFilter({ requester, path: { userId }, body }) {
    requireOwnUser(requester, userId);
    return { filter_id: await filters.define(userId, body) };
  },

  async getFilter({ requester, path: { userId, filterId } }) {
    requireOwnUser(requester, userId);
    return filters.get(userId, filterId);
  },
});
