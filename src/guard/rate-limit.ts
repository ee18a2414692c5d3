import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { StewardError } from '../errors.js';
import type { Redis } from './redis.js';

export interface RateLimit {
  /** @throws StewardError RATE_LIMITED with the seconds to wait; UNAVAILABLE where calls cannot be counted */
  (caller: string, count?: number): Promise<void>;
}

export interface RedisCounters {
  redis: Redis;
  /** Behaviour while Redis cannot be reached. `open`: each process counts for itself meanwhile; `closed`: calls are refused. */
  withoutRedis: 'open' | 'closed';
}

const WINDOW_SECONDS = 60;
const RETRY_SECONDS = 5;

/**
 * At most so many requests of any kind a minute for each caller, counted in this process: it is this process that they
 * would flood.
 */
export function createRequestLimit(perMinute: number): RateLimit {
  return refusing(
    new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS }),
    (seconds) => `More than ${perMinute} requests within a minute. Wait ${seconds} s, then go on.`,
  );
}

/** At most so many calls a minute for each caller, counted in this process, or by all that share the counters. */
export function createRateLimit(perMinute: number, shared?: RedisCounters): RateLimit {
  const limits = { points: perMinute, duration: WINDOW_SECONDS };
  const describe = (seconds: number) =>
    `More than ${perMinute} calls within a minute. Wait ${seconds} s, then go on; larger pages need fewer calls.`;
  const alone = refusing(new RateLimiterMemory(limits), describe);
  if (!shared) return alone;
  const limiter = new RateLimiterRedis({
    ...limits,
    storeClient: shared.redis.client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    keyPrefix: 'steward:calls',
  });
  const counted = refusing(limiter, describe);
  return async (caller, count) => {
    try {
      await shared.redis.withTimeout(counted(caller, count));
    } catch (error) {
      if (error instanceof StewardError) throw error;
      if (shared.withoutRedis === 'open') return alone(caller, count);
      throw new StewardError(
        'UNAVAILABLE',
        'Calls cannot be counted at the moment, and none is taken uncounted. Nothing was done. Try again in a few seconds.',
        { cause: error, retryAfterSeconds: RETRY_SECONDS },
      );
    }
  };
}

function refusing(limiter: RateLimiterAbstract, describe: (seconds: number) => string): RateLimit {
  return async (caller, count = 1) => {
    try {
      await limiter.consume(caller, count);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      // A timer drops these counts, but the wall clock times them, and it may have been set back by hours.
      const seconds = Math.min(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)), WINDOW_SECONDS);
      throw new StewardError('RATE_LIMITED', describe(seconds), { retryAfterSeconds: seconds });
    }
  };
}
