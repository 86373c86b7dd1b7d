import type { Logger } from '#kernel/logger';
import type { Requester } from '#kernel/requester';
import type { Authenticators } from './authenticate';
import type { Api, OperationContract } from './contract';
import type { DocumentSource } from './documents';
import type { LimiterStore, RateLimitConfig } from './rate-limits';

/** The names that `listeners[].resources` has for the five APIs. */
export type RestResource = 'client' | 'federation' | 'identity' | 'push' | 'appservice';

export const RESOURCES: Readonly<Record<Api, RestResource>> = {
  'client-server': 'client',
  'server-server': 'federation',
  'application-service': 'appservice',
  identity: 'identity',
  'push-gateway': 'push',
};

/** Bytes of a request's body. */
export interface BodyLimits {
  readonly json: number;
  /** Uploads; what media configuration allows. */
  readonly binary: number;
  /** By `api/operationId`. */
  readonly operations: Readonly<Record<string, number>>;
}

const MEGABYTE = 1024 * 1024;

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  json: MEGABYTE,
  binary: 50 * MEGABYTE,
  operations: {
    // A whole backup of room keys, one request of it.
    'client-server/putRoomKeys': 8 * MEGABYTE,
    'client-server/putRoomKeysByRoomId': 8 * MEGABYTE,
    'client-server/sendToDevice': 8 * MEGABYTE,
    // 50 events of 64 KiB, 100 ephemeral ones, and the escapes of both.
    'server-server/sendTransaction': 16 * MEGABYTE,
    'application-service/sendTransaction': 16 * MEGABYTE,
  },
};

/**
 * Delegates by API, then by document stem, as composed in `rest/<api>/index.ts`. A method that is not there is a gap.
 */
export type Delegates = Partial<Record<Api, object>>;

export interface RestOptions {
  readonly contracts: readonly OperationContract[];
  readonly delegates: Delegates;
  readonly documents: DocumentSource;
  readonly authenticate: Authenticators;
  readonly logger: Logger;
  readonly rateLimits: RateLimitConfig;
  /** This server's own name. */
  readonly serverName: string;
  /** Of whom nothing is counted: application services with `rate_limited: false`. */
  readonly isExemptFromLimits?: (requester: Requester) => boolean;
  readonly limiterStore?: LimiterStore;
  readonly bodyLimits?: Partial<BodyLimits>;
  /** Groups of optional old paths that answer too: as `media_v1`. */
  readonly legacyGroups?: readonly string[];
  /**
   * true (tests): every JSON answer is checked against its document, and a mismatch becomes a 500.
   * A number from 0 to 1 (production): that share is checked, and a mismatch is logged only.
   */
  readonly validateResponses?: boolean | number;
  /** Told of every answer, for metrics. */
  readonly observe?: (operation: string, status: number, seconds: number) => void;
}

/** What one listener serves of it all. */
export interface ListenerOptions {
  readonly resources: ReadonlySet<string>;
  readonly trustedProxies?: readonly string[];
}
