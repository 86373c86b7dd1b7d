import DataLoader from 'dataloader';
import type { Domain } from '#domain/domain';
import type { Profile } from '#domain/profiles';

/** Per-request batching: the same object is read once, however many fields of one answer ask for it. */
export class Loaders {
  /** Profiles by user id; null where there is none. */
  readonly profiles: DataLoader<string, Profile | null>;

  constructor(domain: Domain) {
    this.profiles = new DataLoader(async (userIds) => {
      const found = await domain.profiles.getMany(userIds);
      return userIds.map((userId) => found.get(userId) ?? null);
    });
  }

  /** Empty loaders of the same kind, for the next operation on a long-lived connection. */
  fresh(domain: Domain): Loaders {
    return new Loaders(domain);
  }
}
