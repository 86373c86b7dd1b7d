import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Throttle } from '#graphql/index';
import { LimitExceededError } from '#kernel/errors';
import type { LimitCategory, LimiterStore, LimitRate, RateLimitConfig } from '#rest/runtime/rate-limits';
import type { Config } from '../config/index';

/** How often anybody may ask, whichever door they come by: both count with the same points. */
export interface DoorLimits {
  readonly rest: RateLimitConfig;
  readonly store: LimiterStore;
  readonly graphql: Throttle;
}

export function doorLimits({ rate_limits: { enabled, ...configured } }: Config): DoorLimits {
  const rate = ({ requests, seconds }: { requests: number; seconds: number }): LimitRate => ({
    points: requests,
    seconds,
  });
  const { login, registration, message, remote, other, received_invite, federation } = configured;
  const rates = {
    login: rate(login),
    registration: rate(registration),
    message: rate(message),
    remote: rate(remote),
    other: rate(other),
    received_invite: rate(received_invite),
    federation: rate(federation),
  };
  const limiters = new Map<LimitCategory, RateLimiterMemory>();
  const store = (category: LimitCategory, { points, seconds }: LimitRate): RateLimiterMemory => {
    const known = limiters.get(category) ?? new RateLimiterMemory({ keyPrefix: category, points, duration: seconds });
    limiters.set(category, known);
    return known;
  };
  const graphql: Throttle = async ({ userId }, kind) => {
    if (!enabled) return;
    const category = kind === 'mutation' ? 'message' : 'other';
    await store(category, rates[category]).consume(userId).catch(refuse);
  };
  return { rest: { enabled, rates }, store, graphql };
}

function refuse(refusal: unknown): never {
  if (refusal instanceof RateLimiterRes) throw new LimitExceededError(Math.max(1, refusal.msBeforeNext));
  throw refusal;
}
