import type { Domain } from '#domain/domain';
import type { Tags } from '#rest/generated/client-server/tags.routes';
import { requireOwnUser } from '#rest/runtime/own-user';

export const tags = ({ tags: stored }: Pick<Domain, 'tags'>): Tags => ({
  async getRoomTags({ requester, path: { userId, roomId } }) {
    requireOwnUser(requester, userId);
    return { tags: await stored.list(userId, roomId) };
  },

  async setRoomTag({ requester, path: { userId, roomId, tag }, body }) {
    requireOwnUser(requester, userId);
    await stored.set(userId, roomId, tag, { ...body });
    return {};
  },

  async deleteRoomTag({ requester, path: { userId, roomId, tag } }) {
    requireOwnUser(requester, userId);
    await stored.remove(userId, roomId, tag);
    return {};
  },
});
