import type { Logger } from '#kernel/logger';
import type { Shutdown } from '#platform/lifecycle/shutdown';
import type { Names } from '#platform/http-out/names';
import type { Storage } from '#platform/storage/storage';
import type { Metrics } from '#platform/telemetry/metrics';
import type { SigningKey } from '#protocol/signing/index';
import type { Config } from './config/index';

/** What the features and the doors are made of. */
export interface Machinery {
  readonly config: Config;
  readonly storage: Storage;
  readonly signingKey: SigningKey;
  /** Made on first start, kept in the database. */
  readonly serverSecret: Buffer;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
  /** Where names of other servers are looked up. */
  readonly names: Names;
  /** True in tests: an answer that is not as specified becomes an error. */
  readonly strictResponses: boolean;
}
