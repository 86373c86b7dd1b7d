import type { Domain } from '#domain/domain';
import { MissingParamError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { Profile } from '#rest/generated/client-server/profile.routes';

export const profile = ({ profiles }: Pick<Domain, 'profiles'>): Profile => ({
  async getUserProfile({ path: { userId } }) {
    return (await profiles.require(userId)) as JsonObject;
  },

  async getProfileField({ path: { userId, keyName } }) {
    return { [keyName]: await profiles.requireField(userId, keyName) };
  },

  async setProfileField({ requester, path: { userId, keyName }, body }) {
    const value = Object.hasOwn(body, keyName) ? body[keyName] : undefined;
    if (value === undefined) throw new MissingParamError(`${keyName}: is missing`);
    await profiles.setField(requester.userId, userId, keyName, value);
    return {};
  },

  async deleteProfileField({ requester, path: { userId, keyName } }) {
    await profiles.setField(requester.userId, userId, keyName, undefined);
    return {};
  },
});
