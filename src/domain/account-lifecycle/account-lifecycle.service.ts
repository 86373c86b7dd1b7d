import type { Sessions } from '#domain/sessions';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import type { RegistrationConfig } from './account-lifecycle.config';
import type { RoomParter } from './account-lifecycle.ports';
import { Deactivation, type Belongings } from './deactivation.service';
import { PartingJob } from './parting.job';
import { Registration } from './registration.service';
import { SharedSecretRegistration } from './shared-secret-registration.service';

/** How accounts come, change their password and go. */
export class AccountLifecycle {
  readonly registration: Registration;
  readonly sharedSecret: SharedSecretRegistration;
  readonly parting: PartingJob;
  private readonly deactivation: Deactivation;

  constructor(
    private readonly storage: Storage,
    private readonly features: Belongings & { readonly sessions: Sessions },
    config: RegistrationConfig,
    now: Clock,
    onError: (error: unknown) => void,
  ) {
    const { accounts, sessions, profiles } = features;
    this.parting = new PartingJob(storage, onError);
    this.registration = new Registration(storage, accounts, sessions, config);
    this.sharedSecret = new SharedSecretRegistration(storage, accounts, sessions, profiles, config.sharedSecret, now);
    this.deactivation = new Deactivation(storage, features, this.parting, now);
  }

  /** Binds what takes users out of rooms. Called while composing. */
  bind(parter: RoomParter): void {
    this.parting.bind(parter);
  }

  /** See {@link Deactivation.deactivate}. Whether the requester may is the door's to find out. */
  deactivate(userId: string): Promise<void> {
    return this.deactivation.deactivate(userId);
  }

  /**
   * Sets the requester's password, and by default ends all their other sessions. Spec: "Password management".
   * @throws WeakPasswordError, InvalidParamError
   */
  async changePassword({ userId, deviceId }: Requester, password: string, endOtherSessions: boolean): Promise<void> {
    const passwordHash = await this.features.accounts.passwords.hash(password);
    await this.storage.write(async (tx) => {
      await this.features.accounts.setPasswordHash(tx, userId, passwordHash);
      if (endOtherSessions) await this.features.devices.removeAllWithin(tx, userId, deviceId);
    });
  }
}
