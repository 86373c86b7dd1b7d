import type { Accounts } from '#domain/accounts';
import { UserSuspendedError } from '#domain/accounts';
import { ForbiddenError, NotFoundError } from '#kernel/errors';
import { parseUserId, utf8Length } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';
import type { Storage, Tx } from '#platform/storage/storage';
import { assertFieldName, readFieldValue } from './profile-fields.model';
import { ProfileTooLargeError } from './profiles.errors';
import type { Profile } from './profiles.model';
import type { ProfileChangePropagator, RemoteProfiles } from './profiles.ports';
import { ProfilesReader, ProfilesWriter } from './profiles.repository';
import { PROFILES_STREAM } from './profiles.stream';

export const MAX_PROFILE_BYTES = 64 * 1024;

/** What users tell of themselves. Spec: "Profiles". */
export class Profiles {
  private propagator: ProfileChangePropagator | undefined;
  private remote: RemoteProfiles | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly accounts: Accounts,
  ) {}

  /** Binds what stands below in the order of features. Called while composing, before the first request. */
  bind(ports: { readonly propagator?: ProfileChangePropagator; readonly remote?: RemoteProfiles }): void {
    this.propagator = ports.propagator ?? this.propagator;
    this.remote = ports.remote ?? this.remote;
  }

  /** A user's profile, perhaps empty; undefined when there is no such user, or none any more. */
  async get(userId: string): Promise<Profile | undefined> {
    if (!this.accounts.isLocal(userId)) return this.remote?.profile(userId);
    const profile = await new ProfilesReader(this.storage).find(userId);
    if (profile !== undefined) return profile;
    const account = await this.accounts.get(userId);
    return account === undefined || account.deactivatedTs !== null ? undefined : {};
  }

  /** The profiles of local users that have one, by user id, in one read. */
  getMany(userIds: readonly string[]): Promise<Map<string, Profile>> {
    return new ProfilesReader(this.storage).findMany(userIds);
  }

  /** A profile for somebody who asked for it by name. @throws NotFoundError, InvalidParamError */
  async require(userId: string): Promise<Profile> {
    parseUserId(userId);
    const profile = await this.get(userId);
    if (profile === undefined) throw new NotFoundError('No such user');
    return profile;
  }

  /** One field of a profile. @throws NotFoundError when user or field is not there; InvalidParamError */
  async requireField(userId: string, name: string): Promise<JsonValue> {
    assertFieldName(name);
    const profile = await this.require(userId);
    const value = Object.hasOwn(profile, name) ? profile[name] : undefined;
    if (value === undefined) throw new NotFoundError('No such profile field');
    return value;
  }

  /**
   * Sets a field of the requester's own profile, or clears it with undefined.
   * @throws ForbiddenError for others' profiles; UserSuspendedError, InvalidParamError, BadJsonError, ProfileTooLargeError,
   * ProfileKeyTooLargeError
   */
  async setField(requesterId: string, userId: string, name: string, value: JsonValue | undefined): Promise<void> {
    parseUserId(userId);
    if (requesterId !== userId) throw new ForbiddenError("You cannot change another user's profile");
    assertFieldName(name);
    const kept = value === undefined ? undefined : readFieldValue(name, value);
    if ((await this.accounts.requireActive(userId)).suspended) throw new UserSuspendedError();
    const changed = await this.storage.write((tx) => this.write(tx, userId, name, kept));
    if (changed !== undefined && isShownInRooms(name)) await this.propagator?.profileChanged(userId, changed);
  }

  /** Gives a new account its first display name, in the transaction that makes it. @throws InvalidParamError */
  async initialize(tx: Tx, userId: string, displayname: string): Promise<void> {
    await this.write(tx, userId, 'displayname', readFieldValue('displayname', displayname));
  }

  /** Forgets the profile of a user whose account is closed. */
  async removeAll(tx: Tx, userId: string): Promise<void> {
    await new ProfilesWriter(tx).remove(userId);
  }

  /** The new profile, or undefined when nothing changed. */
  private async write(
    tx: Tx,
    userId: string,
    name: string,
    value: JsonValue | undefined,
  ): Promise<Profile | undefined> {
    const profiles = new ProfilesWriter(tx);
    const before = await profiles.lock(userId);
    const { [name]: old, ...rest } = before;
    if (JSON.stringify(old) === JSON.stringify(value)) return undefined;
    const after: Profile = value === undefined ? rest : { ...rest, [name]: value };
    if (utf8Length(JSON.stringify(after)) > MAX_PROFILE_BYTES) throw new ProfileTooLargeError(MAX_PROFILE_BYTES);
    await profiles.save(userId, after);
    if (isShownInRooms(name)) tx.publish({ stream: PROFILES_STREAM, key: userId, position: tx.position() });
    return after;
  }
}

function isShownInRooms(name: string): boolean {
  return name === 'displayname' || name === 'avatar_url';
}
