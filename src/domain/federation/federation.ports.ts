import type { JsonValue } from '#kernel/json';

/** Keys of servers that a notary is asked for: by server, by key id. */
export type WantedKeys = Record<string, Record<string, { minimum_valid_until_ts?: number }>>;

/** Who asks other servers for keys. Bound to the HTTP client. Both reject when there is no answer. */
export interface KeySource {
  /** What a server publishes about itself, unchecked. */
  published(serverName: string): Promise<JsonValue>;
  /** What a notary has of others, unchecked. */
  vouched(notary: string, wanted: WantedKeys): Promise<readonly JsonValue[]>;
}
