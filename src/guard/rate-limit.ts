import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { StewardError } from '../errors.js';

export interface RateLimit {
  /** @throws StewardError RATE_LIMITED with the seconds to wait */
  (caller: string): Promise<void>;
}

/** At most so many calls a minute for each caller, counted in this process. */
export function createRateLimit(perMinute: number): RateLimit {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async (caller) => {
    try {
      await limiter.consume(caller);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      throw new StewardError(
        'RATE_LIMITED',
        `More than ${perMinute} calls within a minute. Wait ${seconds} s, then go on; larger pages need fewer calls.`,
        { retryAfterSeconds: seconds },
      );
    }
  };
}
