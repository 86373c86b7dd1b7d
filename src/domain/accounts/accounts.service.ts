import { InvalidParamError, NotFoundError } from '#kernel/errors';
import { makeUserId, serverNameOf } from '#kernel/ids';
import type { Clock } from '#kernel/time';
import type { Storage, Tx } from '#platform/storage/storage';
import type { AccountsConfig } from './accounts.config';
import { UserDeactivatedError, UserInUseError } from './accounts.errors';
import type { Account, AccountFlags, AccountListOptions, AccountPage, NewAccount } from './accounts.model';
import { AccountsReader, AccountsWriter } from './accounts.repository';
import { ACCOUNTS_STREAM, type AccountChange } from './accounts.stream';
import { Passwords } from './passwords.service';
import { RegistrationTokens } from './registration-tokens.service';
import { localpartFor } from './user-names.model';

const MAX_PAGE = 1_000;

/** The accounts of this server: made once, changed by flags, never removed. */
export class Accounts {
  readonly passwords: Passwords;
  readonly registrationTokens: RegistrationTokens;
  private readonly listeners: ((userId: string) => void)[] = [];

  constructor(
    private readonly storage: Storage,
    private readonly config: AccountsConfig,
    private readonly now: Clock,
  ) {
    this.passwords = new Passwords(config.passwords);
    this.registrationTokens = new RegistrationTokens(storage, now);
    storage.subscribe(ACCOUNTS_STREAM, ({ key }) => this.tell(key));
  }

  /**
   * Calls `listener` with the user id whenever an account changed: by this process before the change's author goes on, by
   * another when its news arrives (then a second time here, too). For caches.
   */
  onChange(listener: (userId: string) => void): void {
    this.listeners.push(listener);
  }

  get serverName(): string {
    return this.config.serverName;
  }

  /** Whether the user id belongs to this server; there may be no such account. */
  isLocal(userId: string): boolean {
    return serverNameOf(userId) === this.config.serverName;
  }

  /** The account, deactivated ones too. */
  get(userId: string): Promise<Account | undefined> {
    return new AccountsReader(this.storage).find(userId);
  }

  /** {@link get} within the caller's transaction. */
  getWithin(tx: Tx, userId: string): Promise<Account | undefined> {
    return new AccountsReader(tx).find(userId);
  }

  /** The account, if it is there and in use. @throws NotFoundError, UserDeactivatedError */
  async requireActive(userId: string): Promise<Account> {
    const account = await this.get(userId);
    if (account === undefined) throw new NotFoundError('No such user');
    if (account.deactivatedTs !== null) throw new UserDeactivatedError();
    return account;
  }

  /** @throws UserInUseError, InvalidUsernameError. A later {@link create} may still lose the race. */
  async assertAvailable(username: string): Promise<void> {
    if (await this.get(makeUserId(localpartFor(username, this.config.serverName), this.config.serverName)))
      throw new UserInUseError();
  }

  /** Makes an account in a transaction of its own. @throws UserInUseError */
  create(account: NewAccount): Promise<Account> {
    return this.storage.write((tx) => this.insert(tx, account));
  }

  /** Makes an account within the caller's transaction; the unique key decides races. @throws UserInUseError */
  async insert(tx: Tx, account: NewAccount): Promise<Account> {
    const localpart = localpartFor(account.localpart, this.config.serverName);
    const userId = makeUserId(localpart, this.config.serverName);
    const created: Account = {
      id: tx.id('row'),
      userId,
      localpart,
      isGuest: account.isGuest ?? false,
      isAdmin: account.isAdmin ?? false,
      locked: false,
      suspended: false,
      userType: account.userType ?? null,
      createdTs: this.now(),
      deactivatedTs: null,
    };
    if (!(await new AccountsWriter(tx).insert(toRow(created, account.passwordHash)))) throw new UserInUseError();
    return created;
  }

  /** Accounts in order of user id, a page at a time. */
  async list(options: AccountListOptions): Promise<AccountPage> {
    const limit = Math.min(Math.max(1, options.limit), MAX_PAGE);
    const found = await new AccountsReader(this.storage).list({ ...options, limit: limit + 1 });
    const accounts = found.slice(0, limit);
    return { accounts, next: found.length > limit ? accounts[accounts.length - 1]?.userId : undefined };
  }

  /** All accounts ever made. Counts rows: for administrators, not for hot paths. */
  count(): Promise<number> {
    return new AccountsReader(this.storage).count();
  }

  /**
   * Whether the password is the account's. Takes as long for names that do not exist.
   * @param userId any user id, checked or not
   */
  async verifyPassword(userId: string, password: string): Promise<boolean> {
    const stored = await new AccountsReader(this.storage).passwordHash(userId);
    return this.passwords.verify(stored, password);
  }

  /** Sets a hash made by {@link Passwords.hash}; ending sessions is the caller's business. */
  async setPasswordHash(tx: Tx, userId: string, passwordHash: string): Promise<void> {
    await this.change(tx, userId, { password_hash: passwordHash });
  }

  /** Locks, suspends or promotes. @throws NotFoundError, InvalidParamError for a deactivated account */
  async setFlags(userId: string, flags: AccountFlags): Promise<void> {
    const columns: Record<string, number> = {};
    if (flags.locked !== undefined) columns['locked'] = Number(flags.locked);
    if (flags.suspended !== undefined) columns['suspended'] = Number(flags.suspended);
    if (flags.isAdmin !== undefined) columns['is_admin'] = Number(flags.isAdmin);
    if (Object.keys(columns).length === 0) return;
    await this.storage.write(async (tx) => {
      const account = await new AccountsReader(tx).find(userId);
      if (account === undefined) throw new NotFoundError('No such user');
      if (account.deactivatedTs !== null) throw new InvalidParamError('This account has been deactivated');
      await this.change(tx, userId, columns);
    });
  }

  /** Closes the account for ever and forgets its password. False when it was closed already. @throws NotFoundError */
  async markDeactivated(tx: Tx, userId: string): Promise<boolean> {
    const account = await new AccountsReader(tx).find(userId);
    if (account === undefined) throw new NotFoundError('No such user');
    if (account.deactivatedTs !== null) return false;
    await this.change(tx, userId, { deactivated_ts: this.now(), password_hash: null, is_admin: 0 });
    return true;
  }

  private async change(tx: Tx, userId: string, columns: Record<string, string | number | null>): Promise<void> {
    await new AccountsWriter(tx).update(userId, columns);
    const payload: AccountChange = { locked: columns['locked'] === 1 };
    tx.publish({ stream: ACCOUNTS_STREAM, key: userId, position: tx.position(), payload });
    tx.afterCommit(() => this.tell(userId));
  }

  private tell(userId: string): void {
    for (const listener of this.listeners) listener(userId);
  }
}

function toRow(account: Account, passwordHash: string | null) {
  return {
    account_id: account.id,
    user_id: account.userId,
    localpart: account.localpart,
    password_hash: passwordHash,
    is_guest: Number(account.isGuest),
    is_admin: Number(account.isAdmin),
    locked: 0,
    suspended: 0,
    user_type: account.userType,
    created_ts: account.createdTs,
    deactivated_ts: null,
  };
}
