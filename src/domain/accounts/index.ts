/**
 * Accounts: who has one on this server, with which password and which flags. Owns the tables `accounts` and
 * `registration_tokens` and the stream `accounts`. Spec: client-server API, "Account registration", "Account locking".
 */
export { Accounts } from './accounts.service';
export { Passwords, MAX_PASSWORD_BYTES } from './passwords.service';
export { generateLocalpart } from './user-names.model';
export { RegistrationTokens, type RegistrationToken } from './registration-tokens.service';
export { DEFAULT_PASSWORDS, type AccountsConfig, type PasswordConfig } from './accounts.config';
export { ACCOUNTS_STREAM, type AccountChange } from './accounts.stream';
export type { Account, AccountFlags, AccountListOptions, AccountPage, NewAccount } from './accounts.model';
export {
  InvalidUsernameError,
  UserDeactivatedError,
  UserInUseError,
  UserLockedError,
  UserSuspendedError,
  WeakPasswordError,
} from './accounts.errors';
