import { InvalidParamError, NotFoundError } from '#kernel/errors';
import { parseRoomAlias, parseUserId } from '#kernel/ids';
import type { Accounts } from '../accounts';
import type { Directory, PublicRoomsPage, PublicRoomsQuery, ResolvedAlias } from '../directory';
import type { Profile, Profiles } from '../profiles';

export interface QueriesParts {
  readonly serverName: string;
  readonly accounts: Pick<Accounts, 'isLocal'>;
  readonly profiles: Pick<Profiles, 'require'>;
  readonly directory: Pick<Directory, 'aliases' | 'publicRooms'>;
}

/** What other servers may look up here: only what is this server's own. Spec: server-server, "Querying for information". */
export class Queries {
  constructor(private readonly parts: QueriesParts) {}

  /** @throws NotFoundError, InvalidParamError */
  async alias(alias: string): Promise<ResolvedAlias> {
    if (parseRoomAlias(alias).serverName !== this.parts.serverName)
      throw new InvalidParamError('Not an alias of this server');
    return this.parts.directory.aliases.resolve(alias);
  }

  /** A user's profile, or one field of it. @throws NotFoundError, InvalidParamError */
  async profile(userId: string, field?: string): Promise<Profile> {
    parseUserId(userId);
    if (!this.parts.accounts.isLocal(userId)) throw new InvalidParamError('Not a user of this server');
    const profile = await this.parts.profiles.require(userId);
    if (field === undefined) return profile;
    const value = Object.hasOwn(profile, field) ? profile[field] : undefined;
    // Old servers ask for one of two fields and take an empty answer for one that is not set.
    if (value === undefined && field !== 'displayname' && field !== 'avatar_url')
      throw new NotFoundError('No such field');
    return value === undefined ? {} : { [field]: value };
  }

  publicRooms(query: Omit<PublicRoomsQuery, 'server'>): Promise<PublicRoomsPage> {
    return this.parts.directory.publicRooms.page(query);
  }
}
