import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { makeFolder } from './folders.js';

const SECRET_BYTES = 32;
const FILE_NAME = 'steward-secret';
/** A folder that holds none of these, but other files, belongs to another program. */
const OURS = /^(lock\.\d+|pgdata|steward-secret.*)$/;

const MALFORMED =
  'must be 32 random bytes in base64url, such as `openssl rand -base64 32 | tr +/ -_ | tr -d =` prints; several are separated by commas';

/** STEWARD_SECRET: the first secret seals, the others still open what they sealed. */
export const SECRET = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((secrets) => secrets.every((text) => decode(text) !== undefined), MALFORMED);

/** The secret that seals the tokens that Steward issues and accepts. Each use has keys of its own. */
export class Secret {
  readonly #secrets: Buffer[];

  /** @param secrets in base64url, as STEWARD_SECRET was checked to be; the first seals */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.flatMap((text) => decode(text) ?? []);
  }

  /** Keys of 32 bytes for one use (HKDF with SHA-256, RFC 5869): the first seals, all of them open. */
  deriveKeys(use: string): Buffer[] {
    return this.#secrets.map((secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', `steward ${use}`, SECRET_BYTES)),
    );
  }
}

/**
 * The secret that is kept in a folder; made there, for this user alone, if there is none. Two processes that start at
 * once get the same: it is written aside and linked to its name, which only the first can do.
 * @throws Error where the folder cannot be written to, belongs to another program, or holds something else under that name
 */
export function keepSecret(folder: string): Secret {
  const file = path.join(folder, FILE_NAME);
  const kept = readSecret(file);
  if (kept !== undefined) return new Secret([kept]);
  makeFolder(folder, 0o700);
  const names = readdirSync(folder);
  if (names.length > 0 && !names.some((name) => OURS.test(name)))
    throw new Error(`${folder} holds files of another program`);
  const aside = path.join(folder, `${FILE_NAME}.${randomUUID()}`);
  try {
    writeFileSync(aside, `${makeSecret()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return new Secret([readSecret(file) ?? '']);
}

/** A secret for this process alone. */
export function passingSecret(): Secret {
  return new Secret([makeSecret()]);
}

function makeSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Undefined where there is no file. */
function readSecret(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const mode = statSync(file).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new Error(`Others than its owner can read or write ${file}. Remove it, and a new one is made`);
  const text = readFileSync(file, 'utf8').trim();
  if (decode(text) === undefined)
    throw new Error(
      `${file} does not hold a secret of Steward's. Set STEWARD_SECRET, or choose another STEWARD_DATA_DIR`,
    );
  return text;
}

function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === SECRET_BYTES && bytes.toString('base64url') === text ? bytes : undefined;
}
