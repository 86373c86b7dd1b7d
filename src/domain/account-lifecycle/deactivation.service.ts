import type { AccountData } from '#domain/account-data';
import type { Accounts } from '#domain/accounts';
import type { Devices } from '#domain/devices';
import type { Filters } from '#domain/filters';
import type { Profiles } from '#domain/profiles';
import type { PushRules } from '#domain/push-rules';
import type { Clock } from '#kernel/time';
import type { Storage, Tx } from '#platform/storage/storage';
import { AccountLifecycleWriter } from './account-lifecycle.repository';
import type { PartingJob } from './parting.job';

/** What a closed account leaves behind, and who removes it. */
export interface Belongings {
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly profiles: Profiles;
  readonly accountData: AccountData;
  readonly pushRules: PushRules;
  readonly filters: Filters;
}

/** Closes accounts. */
export class Deactivation {
  constructor(
    private readonly storage: Storage,
    private readonly of: Belongings,
    private readonly parting: PartingJob,
    private readonly now: Clock,
  ) {}

  /**
   * Closes an account for ever: no password, no devices, no tokens, no settings, no profile; its name stays taken. It leaves
   * its rooms in the background. Closing a closed account changes nothing. Spec: "Account deactivation".
   * @throws NotFoundError
   */
  async deactivate(userId: string): Promise<void> {
    const closed = await this.storage.write((tx) => this.close(tx, userId));
    if (closed) this.parting.add(userId);
  }

  private async close(tx: Tx, userId: string): Promise<boolean> {
    const { accounts, devices, profiles, accountData, pushRules, filters } = this.of;
    if (!(await accounts.markDeactivated(tx, userId))) return false;
    await devices.removeAllWithin(tx, userId);
    await profiles.removeAll(tx, userId);
    await accountData.removeAll(tx, userId);
    await pushRules.removeAll(tx, userId);
    await filters.removeAll(tx, userId);
    await new AccountLifecycleWriter(tx).addParting(userId, this.now());
    return true;
  }
}
