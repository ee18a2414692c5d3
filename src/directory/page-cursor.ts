import { createHash } from 'node:crypto';
import { StewardError } from '../errors.js';

const SEAL_BYTES = 6;

/**
 * Packs where a page ended into an opaque token. `scope` is what the pages are pages of (the criteria, the user); the
 * token is sealed over both, so one that was altered, cut or taken from another question is told from a good one. The
 * seal is a checksum, not a secret: a cursor opens nothing that the question itself would not.
 */
export function encodeCursor(position: number[], scope: unknown): string {
  const packed = Buffer.from(position.map((part) => part.toString(36)).join('.'), 'ascii');
  return Buffer.concat([seal(packed, scope), packed]).toString('base64url');
}

/**
 * @param largest the largest value of each part of the position
 * @throws StewardError VALIDATION when the token was not made by encodeCursor for this scope
 */
export function decodeCursor(token: string, scope: unknown, largest: number[]): number[] {
  const bytes = Buffer.from(token, 'base64url');
  const packed = bytes.subarray(SEAL_BYTES);
  const position = packed
    .toString('ascii')
    .split('.')
    .map((part) => parseInt(part, 36));
  const intact =
    bytes.toString('base64url') === token && bytes.subarray(0, SEAL_BYTES).equals(seal(packed, scope));
  const possible =
    position.length === largest.length &&
    position.every((part, at) => part >= 0 && part <= (largest[at] ?? 0));
  if (intact && possible) return position;
  throw new StewardError(
    'VALIDATION',
    'cursor: was not given out for this question, or was altered. Pass next_cursor unchanged and keep the other arguments as they were, or leave cursor out to start again.',
  );
}

function seal(packed: Buffer, scope: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(scope))
    .update('\0')
    .update(packed)
    .digest()
    .subarray(0, SEAL_BYTES);
}
