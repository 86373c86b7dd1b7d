/**
 * An account's row changed (flags, password, deactivation); key: user id, payload: {@link AccountChange}. Caches of accounts
 * and tokens listen.
 */
export const ACCOUNTS_STREAM = 'accounts';

export interface AccountChange {
  /** True when the account was locked by this change. */
  readonly locked: boolean;
}
