import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { LimitExceededError } from '#kernel/errors';
import type { FederationRequester, Requester } from '#kernel/requester';
import { limitKey } from './client-address';
import type { OperationContract } from './contract';

export type LimitCategory =
  'login' | 'registration' | 'message' | 'remote' | 'other' | 'received_invite' | 'federation';

/** So many requests in so many seconds, for each user, address or server. */
export interface LimitRate {
  readonly points: number;
  readonly seconds: number;
}

export interface RateLimitConfig {
  readonly enabled: boolean;
  readonly rates?: Partial<Record<LimitCategory, LimitRate>>;
}

export const DEFAULT_RATES: Readonly<Record<LimitCategory, LimitRate>> = {
  login: { points: 20, seconds: 60 },
  registration: { points: 20, seconds: 60 },
  message: { points: 100, seconds: 10 },
  remote: { points: 200, seconds: 60 },
  other: { points: 300, seconds: 10 },
  received_invite: { points: 300, seconds: 60 },
  federation: { points: 1_000, seconds: 10 },
};

const CATEGORIES: Readonly<Record<string, LimitCategory>> = {
  'client-server/login': 'login',
  'client-server/refresh': 'login',
  'client-server/register': 'registration',
  'client-server/checkUsernameAvailability': 'registration',
  'client-server/registrationTokenValidity': 'registration',
  'client-server/requestTokenToRegisterEmail': 'registration',
  'client-server/requestTokenToRegisterMSISDN': 'registration',
  'client-server/sendMessage': 'message',
  'client-server/setRoomStateWithKey': 'message',
  'client-server/redactEvent': 'message',
  // Open to everybody, and may have other servers asked.
  'server-server/perspectivesKeyQuery': 'federation',
  'server-server/bulkPerspectivesKeyQuery': 'federation',
  'server-server/sendInviteV1': 'received_invite',
  'server-server/sendInviteV2': 'received_invite',
};

/** One at a time from each server, and held back by how fast they are taken in. */
const BOUND_OTHERWISE: ReadonlySet<string> = new Set(['server-server/sendTransaction']);

/** Where points are counted: in this process, or in a store that several share. */
export type LimiterStore = (category: LimitCategory, rate: LimitRate) => Pick<RateLimiterAbstract, 'consume'>;

/** Refuses callers that ask too often: in the operations that have a category here or a 429 in the specification. */
export class RateLimits {
  private readonly limiters: ReadonlyMap<LimitCategory, Pick<RateLimiterAbstract, 'consume'>> | undefined;

  /**
   * @param isExempt says of whom nothing is counted, as of application services with `rate_limited: false`
   * @param store where points are kept; this process' memory unless given
   */
  constructor(
    config: RateLimitConfig,
    private readonly isExempt: (requester: Requester) => boolean = () => false,
    store: LimiterStore = inMemory,
  ) {
    if (!config.enabled) return;
    const rates = { ...DEFAULT_RATES, ...config.rates };
    const names = Object.keys(rates) as LimitCategory[];
    this.limiters = new Map(names.map((name) => [name, store(name, rates[name])]));
  }

  /** Throws `M_LIMIT_EXCEEDED` with the time to wait. Login and registration count by address, all else by user. */
  async check(contract: OperationContract, requester: Requester | undefined, ip: string): Promise<void> {
    if (this.limiters === undefined || contract.auth === 'signedRequest') return;
    const category = CATEGORIES[contract.id] ?? (contract.rateLimited ? 'other' : undefined);
    if (category === undefined) return;
    await this.consume(category, requester, ip, category === 'login' || category === 'registration');
  }

  /** Counts a request that may have another server asked: nobody is to knock on the whole world by way of this one. */
  async checkRemote(requester: Requester | undefined, ip: string): Promise<void> {
    await this.consume('remote', requester, ip);
  }

  /** The same for a request that another server has signed, by its name. */
  async checkServer({ id }: OperationContract, { origin }: FederationRequester): Promise<void> {
    if (!BOUND_OTHERWISE.has(id)) await this.take(CATEGORIES[id] ?? 'federation', origin);
  }

  private async consume(
    category: LimitCategory,
    requester: Requester | undefined,
    ip: string,
    byAddress = false,
  ): Promise<void> {
    if (requester !== undefined && this.isExempt(requester)) return;
    await this.take(category, requester === undefined || byAddress ? limitKey(ip) : requester.userId);
  }

  private async take(category: LimitCategory, key: string): Promise<void> {
    try {
      await this.limiters?.get(category)?.consume(key);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) throw new LimitExceededError(Math.max(1, refusal.msBeforeNext));
      throw refusal;
    }
  }
}

function inMemory(category: LimitCategory, { points, seconds }: LimitRate): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix: category, points, duration: seconds });
}
