import type { AccountLifecycle } from '#domain/account-lifecycle';
import type { Account, Accounts } from '#domain/accounts';
import type { Devices } from '#domain/devices';
import type { Membership } from '#domain/membership';
import { ForbiddenError, InvalidParamError, NotFoundError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { AuditWriter } from './audit.repository';

const MAX_REASON = 1_000;

export interface AdminSources {
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly membership: Membership;
  readonly accountLifecycle: AccountLifecycle;
}

export interface DeactivateUserRequest {
  readonly userId: string;
  /** Kept in the audit log. */
  readonly reason: string;
  /** Only count what would be affected. */
  readonly dryRun: boolean;
}

export interface DeactivateUserOutcome {
  readonly account: Account;
  readonly devices: number;
  readonly rooms: number;
}

/** What administrators do to others: permission, audit, then the same action that users have for themselves. */
export class Admin {
  constructor(
    private readonly storage: Storage,
    private readonly of: AdminSources,
    private readonly now: Clock,
  ) {}

  /**
   * Deactivates an account by the same action as its owner would, and says how many devices and rooms are concerned.
   * @throws ForbiddenError for others than administrators, before anything is looked up; NotFoundError
   */
  async deactivateUser(requester: Requester, request: DeactivateUserRequest): Promise<DeactivateUserOutcome> {
    assertAdmin(requester);
    const { userId, dryRun } = request;
    const reason = checkedReason(request.reason);
    const account = await this.account(userId);
    const devices = (await this.of.devices.list(userId)).length;
    const rooms = (await this.of.membership.joinedRooms(userId)).length;
    if (dryRun) return { account, devices, rooms };
    await this.storage.write((tx) =>
      new AuditWriter(tx).add({
        createdTs: this.now(),
        actor: requester.userId,
        action: 'userDeactivate',
        target: userId,
        reason,
      }),
    );
    await this.of.accountLifecycle.deactivate(userId);
    return { account: await this.account(userId), devices, rooms };
  }

  private async account(userId: string): Promise<Account> {
    const account = await this.of.accounts.get(userId);
    if (account === undefined) throw new NotFoundError('This server has no such user');
    return account;
  }
}

function assertAdmin({ isAdmin }: Requester): void {
  if (!isAdmin) throw new ForbiddenError('Only administrators of this server may do this');
}

function checkedReason(reason: string): string {
  const trimmed = reason.trim();
  if (trimmed === '') throw new InvalidParamError('reason: say why');
  if (trimmed.length > MAX_REASON) throw new InvalidParamError(`reason: at most ${MAX_REASON} characters`);
  return trimmed;
}
