/** Access tokens came to an end, or are of no use while their account is locked; key: user id, payload: {@link SessionsEnded}. Token caches and long polls listen. */
export const SESSIONS_STREAM = 'sessions';

export interface SessionsEnded {
  /** The `tokenId` of each requester that must stop. */
  readonly tokenIds: readonly number[];
  /** The tokens will count again when the account is unlocked: streams close, and nobody is told to sign out. */
  readonly locked?: true;
}
