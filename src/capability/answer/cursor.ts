import { createHmac, timingSafeEqual } from 'node:crypto';
import { StewardError } from '../../errors.js';

const SEAL_BYTES = 12;

/**
 * Packs where a page ended into an opaque token, and reads it again. `scope` is what the pages are pages of (the
 * criteria, the user). The token is sealed over both with a secret key (HMAC, RFC 2104, cut to 96 bits), so one that was
 * made up, altered, cut or taken from another query is detected.
 */
export class Cursors {
  /** @param keys the first seals, all of them open */
  constructor(private readonly keys: readonly Buffer[]) {}

  encode(position: number[], scope: unknown): string {
    const packed = Buffer.from(position.map((part) => part.toString(36)).join('.'), 'ascii');
    return Buffer.concat([seal(this.keys[0] as Buffer, packed, scope), packed]).toString('base64url');
  }

  /**
   * @param largest the largest value of each part of the position
   * @throws StewardError VALIDATION when the token was not made for this scope with one of the keys
   */
  decode(token: string, scope: unknown, largest: number[]): number[] {
    const bytes = Buffer.from(token, 'base64url');
    const given = bytes.subarray(0, SEAL_BYTES);
    const packed = bytes.subarray(SEAL_BYTES);
    const position = packed
      .toString('ascii')
      .split('.')
      .map((part) => parseInt(part, 36));
    const intact =
      bytes.toString('base64url') === token &&
      given.length === SEAL_BYTES &&
      this.keys.some((key) => timingSafeEqual(given, seal(key, packed, scope)));
    const possible =
      position.length === largest.length &&
      position.every((part, at) => part >= 0 && part <= (largest[at] ?? 0));
    if (intact && possible) return position;
    throw new StewardError(
      'VALIDATION',
      'cursor: was not given out for this question, or was altered. Pass next_cursor unchanged and keep the other arguments as they were, or leave cursor out to start again.',
    );
  }
}

function seal(key: Buffer, packed: Buffer, scope: unknown): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(scope))
    .update('\0')
    .update(packed)
    .digest()
    .subarray(0, SEAL_BYTES);
}
