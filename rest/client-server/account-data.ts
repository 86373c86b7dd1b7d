import type { Domain } from '#domain/domain';
import { InvalidParamError, NotFoundError } from '#kernel/errors';
import { isValidRoomId } from '#kernel/ids';
import type { AccountData } from '#rest/generated/client-server/account-data.routes';
import { requireOwnUser } from '#rest/runtime/own-user';

export const accountData = ({ accountData: data }: Pick<Domain, 'accountData'>): AccountData => ({
  async getAccountData({ requester, path: { userId, type } }) {
    requireOwnUser(requester, userId);
    const content = await data.get(userId, null, type);
    if (content === undefined) throw new NotFoundError('No such account data');
    return content;
  },

  async setAccountData({ requester, path: { userId, type }, body }) {
    requireOwnUser(requester, userId);
    await data.set(userId, null, type, body);
    return {};
  },

  async getAccountDataPerRoom({ requester, path: { userId, roomId, type } }) {
    requireOwnUser(requester, userId);
    if (!isValidRoomId(roomId)) throw new InvalidParamError('roomId: not a room ID');
    const content = await data.get(userId, roomId, type);
    if (content === undefined) throw new NotFoundError('No such account data');
    return content;
  },

  async setAccountDataPerRoom({ requester, path: { userId, roomId, type }, body }) {
    requireOwnUser(requester, userId);
    await data.set(userId, roomId, type, body);
    return {};
  },
});
