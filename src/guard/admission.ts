import ipaddr from 'ipaddr.js';
import { AuthenticationError, type Authentication } from './authentication/index.js';
import type { Caller } from './call.js';
import type { InFlight } from './in-flight.js';
import type { RateLimit } from './rate-limit.js';

/** A request that was let in, until it is released. */
export interface Admission {
  caller: Caller;
  /** Counts further messages of the same request. @throws StewardError RATE_LIMITED */
  count(messages: number): Promise<void>;
  release(): void;
}

/** @throws AuthenticationError; StewardError RATE_LIMITED or UNAVAILABLE */
export type Admit = (authorization: string | undefined, address: string) => Promise<Admission>;

/** The checks that may refuse a request, in the order in which they run. */
export type AdmissionStep = 'authentication' | 'rate_limit' | 'in_flight';

/**
 * A request over a network passes these checks before it is read: who sent it, whether they send too many of
 * any kind, whether there is room for one more. Their calls are counted later, in the guard. Callers without
 * authentication are counted by address, there and here.
 * @param observe told of each refusal, with the error that tells the caller
 */
export function createAdmission(
  authentication: Authentication,
  rateLimit: RateLimit,
  inFlight: InFlight,
  observe: (step: AdmissionStep, error: unknown) => void,
): Admit {
  const refuse = (step: AdmissionStep) => (error: unknown) => {
    observe(step, error);
    throw error;
  };
  const count = (key: string, messages = 1) => rateLimit(key, messages).catch(refuse('rate_limit'));
  return async (authorization, address) => {
    const caller = await authentication.authenticate(authorization).catch(async (error: unknown) => {
      if (error instanceof AuthenticationError) await count(clientNetwork(address));
      return refuse('authentication')(error);
    });
    const key = authentication.anonymous ? clientNetwork(address) : `caller:${caller.name}`;
    await count(key);
    const release = await inFlight.enter(key).catch(refuse('in_flight'));
    return { caller: { ...caller, countedAs: key }, count: (messages) => count(key, messages), release };
  };
}

/** A host with one IPv6 address controls all 2^64 of its network. Some proxies name the port, too. */
function clientNetwork(address: string): string {
  const bare = /^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(address);
  const given = bare?.[1] ?? bare?.[2] ?? address;
  if (!ipaddr.isValid(given)) return 'address:unknown';
  const parsed = ipaddr.process(given);
  if (parsed.kind() === 'ipv4') return `address:${parsed.toString()}`;
  return `address:${(parsed as ipaddr.IPv6).parts.slice(0, 4).join(':')}`;
}
