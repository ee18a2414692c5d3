import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Makes tokens of values, for clients that bring them back. A token is encrypted and bound to what it was made for
 * (AES-256-GCM, NIST SP 800-38D), so that it shows nothing, and one that was made up, altered, cut or brought back for
 * something else is detected.
 */
export class Seal {
  /** @param keys of 32 bytes; the first seals, all of them open */
  constructor(private readonly keys: readonly Buffer[]) {}

  /** @param content and `boundTo`: anything that JSON can hold */
  seal(content: unknown, boundTo: unknown): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys[0] as Buffer, nonce).setAAD(toBytes(boundTo));
    const sealed = Buffer.concat([cipher.update(toBytes(content)), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Returns the content, never undefined; undefined where the token was not sealed for `boundTo` with one of the keys. */
  open(token: string, boundTo: unknown): unknown {
    const bytes = Buffer.from(token, 'base64url');
    for (const key of bytes.toString('base64url') === token ? this.keys : []) {
      const content = decipher(bytes, key, boundTo);
      if (content) return JSON.parse(content.toString()) as unknown;
    }
    return undefined;
  }
}

function decipher(bytes: Buffer, key: Buffer, boundTo: unknown): Buffer | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const start = NONCE_BYTES + TAG_BYTES;
  const opening = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(toBytes(boundTo))
    .setAuthTag(bytes.subarray(NONCE_BYTES, start));
  try {
    return Buffer.concat([opening.update(bytes.subarray(start)), opening.final()]);
  } catch {
    return undefined;
  }
}

function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
