/** An account's row changed (flags, password, deactivation); key: user id. Caches of accounts and tokens listen. */
export const ACCOUNTS_STREAM = 'accounts';
