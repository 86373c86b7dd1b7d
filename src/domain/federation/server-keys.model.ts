import type { VerifyKey } from '#protocol/signing/index';

/** A key of a server and when it counts. Times in epoch milliseconds. */
export interface ServerKey {
  readonly serverName: string;
  readonly keyId: string;
  /** Unpadded Base64. */
  readonly publicKey: string;
  /** Until when the key is known to be in use: as published, but no more than seven days after it was fetched. */
  readonly validUntilTs: number;
  /** When the server gave the key up; null while it signs with it. */
  readonly expiredTs: number | null;
}

/** The same, ready to verify with. */
export interface UsableKey extends ServerKey {
  readonly verifyKey: VerifyKey;
}

/** A key that something was signed with. */
export interface WantedKey {
  readonly serverName: string;
  readonly keyId: string;
  /** When it was signed; null where the key's time does not matter (events of room versions 1 to 4). */
  readonly at: number | null;
}

/** Servers MUST NOT believe a key for longer without asking again. Spec: server-server, "Publishing Keys". */
export const LONGEST_VALIDITY_MS = 7 * 24 * 3_600_000;

/** Whether a key counts for what was signed at a time. One that is said to be given up in the future ends like others. */
export function isValidAt({ validUntilTs, expiredTs }: ServerKey, at: number | null): boolean {
  return at === null || at <= Math.min(expiredTs ?? validUntilTs, validUntilTs);
}
