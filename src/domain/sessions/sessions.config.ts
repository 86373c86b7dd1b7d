export interface SessionsConfig {
  /** Life of an access token that can be refreshed, in milliseconds. Others live until they are ended. */
  readonly refreshableTokenLifetimeMs: number;
  /** Life of an unused refresh token, in milliseconds; null for no end. */
  readonly refreshTokenLifetimeMs: number | null;
  /** How long user-interactive authentication may take, in milliseconds. */
  readonly uiaLifetimeMs: number;
  /** How many wrong passwords one account may get; null for no limit. */
  readonly failedPasswords: FailedPasswordsConfig | null;
}

export interface FailedPasswordsConfig {
  readonly attempts: number;
  readonly periodMs: number;
}

export const DEFAULT_SESSIONS: SessionsConfig = {
  refreshableTokenLifetimeMs: 5 * 60_000,
  refreshTokenLifetimeMs: null,
  uiaLifetimeMs: 30 * 60_000,
  failedPasswords: null,
};
