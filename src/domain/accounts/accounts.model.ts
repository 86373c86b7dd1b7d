/** A local account. Its row stays for ever, so that the name of a deactivated one is never given again. */
export interface Account {
  /** Numeric id of the row. */
  readonly id: number;
  readonly userId: string;
  readonly localpart: string;
  readonly isGuest: boolean;
  readonly isAdmin: boolean;
  /** Signed in but shut out, until unlocked (`M_USER_LOCKED`). */
  readonly locked: boolean;
  /** May read and leave, may not send (`M_USER_SUSPENDED`). */
  readonly suspended: boolean;
  /** Free text of the shared-secret registration, as `bot` or `support`. */
  readonly userType: string | null;
  /** Epoch milliseconds. */
  readonly createdTs: number;
  readonly deactivatedTs: number | null;
}

/** What a new account needs. The password hash comes from {@link PasswordHasher}, made before the transaction. */
export interface NewAccount {
  readonly localpart: string;
  readonly passwordHash: string | null;
  readonly isAdmin?: boolean;
  readonly isGuest?: boolean;
  readonly userType?: string | null;
}

/** One page of the account list, in order of user id. */
export interface AccountPage {
  readonly accounts: readonly Account[];
  /** Pass as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

export interface AccountListOptions {
  /** Part of the localpart, letter case ignored. */
  readonly search?: string;
  /** The user id after which the page begins. */
  readonly after?: string;
  readonly limit: number;
  readonly includeDeactivated?: boolean;
}

/** The flags of an account that others may change. */
export interface AccountFlags {
  readonly locked?: boolean;
  readonly suspended?: boolean;
  readonly isAdmin?: boolean;
}
