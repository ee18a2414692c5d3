import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTVerifyGetKey,
} from 'jose';
import { describeError, type Log } from '../../observability/log.js';
import { AuthenticationError } from './index.js';

const FETCH_TIMEOUT_MS = 3000;
/** A key that its issuer withdrew may be accepted for this long. */
const MAX_AGE_MS = 10 * 60_000;
/** An unknown key triggers a new fetch, but not sooner: any client can name one. */
const COOLDOWN_MS = 2000;
/** An issuer that does not answer is tried no more often than this, for any number of callers. */
const PAUSE_MS = 1000;

/** The wall clock may lose this many milliseconds by gradual adjustment; less than any of the times above. */
const SET_BACK_MS = 500;

/** Milliseconds by which the wall clock is ahead of the monotonic clock. */
const clockOffset = () => Date.now() - performance.now();

/**
 * An issuer's public keys, fetched when they are first needed, when they are old, and when a token names one that is
 * not among them, as after a rotation.
 * @returns the key of a token's header; throws AuthenticationError unavailable where the keys cannot be had, and jose's
 * JWKSNoMatchingKey or JWKSMultipleMatchingKeys where it is the token's fault
 */
export function signingKeys(url: string, log: Log): JWTVerifyGetKey {
  let failure: Error | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  const fetchKeys: FetchImplementation = async (address, options) => {
    if (performance.now() - fetchedAt < PAUSE_MS) throw failure ?? new Error('asked a moment ago');
    try {
      return await fetch(address, options);
    } finally {
      fetchedAt = performance.now();
    }
  };
  const noKeys = () =>
    createRemoteJWKSet(new URL(url), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cacheMaxAge: MAX_AGE_MS,
      cooldownDuration: COOLDOWN_MS,
      [customFetch]: fetchKeys,
    });
  let keys = noKeys();
  let offset = clockOffset();
  return async (header, token) => {
    // Keys are kept by the wall clock: once that was set back, they would be kept, and new ones not be asked for, until
    // it is where it was again.
    if (offset - clockOffset() > SET_BACK_MS) keys = noKeys();
    offset = clockOffset();
    try {
      return await keys(header, token);
    } catch (thrown) {
      const error = thrown as Error;
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      // All requests that wait for one fetch get the same error, and so do those in the pause after it.
      if (error !== failure) log.warn("the issuer's keys cannot be had", { cause: describeError(error) });
      failure = error;
      throw new AuthenticationError(
        'unavailable',
        'Access tokens cannot be checked at the moment: their issuer does not give its keys. Nothing was done. Try again in a few seconds.',
        { cause: error },
      );
    }
  };
}
