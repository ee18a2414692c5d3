import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { StewardError } from '../../errors.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Packs where a page ended into an opaque token, and reads it again. `scope` is what the pages are pages of (the
 * criteria, the user). The token is encrypted and bound to its scope (AES-256-GCM, NIST SP 800-38D), so that it shows
 * nothing, and one that was made up, altered, cut or taken from another query is detected.
 */
export class Cursors {
  /** @param keys of 32 bytes; the first seals, all of them open */
  constructor(private readonly keys: readonly Buffer[]) {}

  /** @param position anything that JSON can hold */
  encode(position: unknown, scope: unknown): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys[0] as Buffer, nonce).setAAD(bind(scope));
    const content = Buffer.concat([cipher.update(JSON.stringify(position)), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), content]).toString('base64url');
  }

  /** @throws StewardError VALIDATION when the token was not made for this scope with one of the keys */
  decode(token: string, scope: unknown): unknown {
    const bytes = Buffer.from(token, 'base64url');
    for (const key of bytes.toString('base64url') === token ? this.keys : []) {
      const content = open(bytes, key, scope);
      if (content) return JSON.parse(content.toString()) as unknown;
    }
    throw new StewardError(
      'VALIDATION',
      'cursor: was not given out for this question, or was altered. Pass next_cursor unchanged and keep the other arguments as they were, or leave cursor out to start again.',
    );
  }
}

function open(bytes: Buffer, key: Buffer, scope: unknown): Buffer | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const start = NONCE_BYTES + TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(bind(scope))
    .setAuthTag(bytes.subarray(NONCE_BYTES, start));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function bind(scope: unknown): Buffer {
  return Buffer.from(JSON.stringify(scope));
}
