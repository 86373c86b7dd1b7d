import type { SigningKey } from '#protocol/signing/index';

export interface TimelineConfig {
  readonly serverName: string;
  /** Signs the events of this server's users. */
  readonly signingKey: SigningKey;
}
