/** Access tokens came to an end; key: user id, payload: {@link SessionsEnded}. Token caches and long polls listen. */
export const SESSIONS_STREAM = 'sessions';

export interface SessionsEnded {
  /** The `tokenId` of each requester that must stop. */
  readonly tokenIds: readonly number[];
}
