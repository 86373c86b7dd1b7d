import type { JsonObject } from '#kernel/json';

/**
 * A feature whose state appears as global account data of one type, without being stored there: push rules. Its changes
 * are announced with `AccountData.touch`.
 */
export interface ComputedAccountData {
  readonly type: string;
  content(userId: string): Promise<JsonObject>;
}
