import DataLoader from 'dataloader';
import type { Domain } from '#domain/domain';
import type { JsonObject } from '#kernel/json';

/** Per-request batching: the same object is read once, however many fields of one answer ask for it. */
export class Loaders {
  /** Profiles by user id; null where there is none. */
  readonly profiles: DataLoader<string, JsonObject | null>;

  constructor(domain: Domain) {
    this.profiles = new DataLoader(async (userIds) => {
      const found = await domain.profiles.getMany(userIds);
      return userIds.map((userId) => found.get(userId) ?? null);
    });
  }
}
