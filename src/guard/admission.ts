import ipaddr from 'ipaddr.js';
import { AuthenticationError, type Authenticate } from './authentication/index.js';
import type { Caller } from './call.js';
import type { InFlight } from './in-flight.js';
import type { RateLimit } from './rate-limit.js';

/** A request that was let in, until it is released. */
export interface Admission {
  caller: Caller;
  /** Counts further calls of the same request. @throws StewardError RATE_LIMITED */
  count(calls: number): Promise<void>;
  release(): void;
}

/** @throws AuthenticationError; StewardError RATE_LIMITED or UNAVAILABLE */
export type Admit = (authorization: string | undefined, address: string) => Promise<Admission>;

export interface AdmissionOptions {
  authenticate: Authenticate;
  /** Callers have no names of their own, and are told apart by where they call from. */
  anonymous: boolean;
  rateLimit: RateLimit;
  inFlight: InFlight;
}

/**
 * What a request over a network passes before anything of it is read: who sent it, whether they have calls left, whether
 * there is room for one more. Whoever cannot say who they are is counted by address.
 */
export function createAdmission({ authenticate, anonymous, rateLimit, inFlight }: AdmissionOptions): Admit {
  return async (authorization, address) => {
    let caller: Caller;
    try {
      caller = await authenticate(authorization);
    } catch (error) {
      if (error instanceof AuthenticationError) await rateLimit(keyOf(address));
      throw error;
    }
    const key = anonymous ? keyOf(address) : `caller:${caller.name}`;
    await rateLimit(key);
    const release = inFlight.enter(key);
    return { caller, count: (calls) => rateLimit(key, calls), release };
  };
}

/** Whoever has an IPv6 address has the 2^64 of its network. */
function keyOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'address:unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return `address:${parsed.toString()}`;
  return `address:${(parsed as ipaddr.IPv6).parts.slice(0, 4).join(':')}`;
}
