import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { OperatorError } from '../../errors.js';
import { SCOPE } from '../../capability/define.js';
import { CALLER_NAME } from '../../caller-name.js';
import { makeFolder } from '../../settings/folders.js';

const TOKEN_FILE = z.strictObject({
  tokens: z.array(
    z.strictObject({
      /** Of the caller, as it stands in the log and in audit rows. */
      name: z.string().regex(CALLER_NAME),
      sha256: z.hash('sha256'),
      scopes: z.array(z.string().regex(SCOPE)),
      created: z.iso.datetime(),
      /** Attributes of the caller, as an access token has them. */
      claims: z.record(z.string(), z.string()).optional(),
      expires: z.iso.datetime().nullable(),
    }),
  ),
});

/** A stored token: the digest can verify a token, but does not reveal it. */
export type StoredToken = z.output<typeof TOKEN_FILE>['tokens'][number];

/** @throws OperatorError */
export async function readTokens(file: string): Promise<StoredToken[]> {
  const tokens = await readTokensIfAny(file);
  if (tokens !== undefined) return tokens;
  throw new OperatorError(
    `There is no file of tokens at ${file}. Make a first token: steward token create --name NAME --scopes SCOPES`,
  );
}

/** As readTokens; undefined where there is no file yet. */
export async function readTokensIfAny(file: string): Promise<StoredToken[] | undefined> {
  const handle = await ifThere(file, open(file));
  if (handle === undefined) return undefined;
  const text = await readOwn(handle, file);
  const parsed = TOKEN_FILE.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.tokens;
  throw new OperatorError(
    `${file} does not hold what "steward token" writes there. Put a copy back, or remove the file and make new tokens.`,
  );
}

/** An account that can write the file can give itself any token. @throws OperatorError */
async function readOwn(handle: FileHandle, file: string): Promise<string> {
  const [{ mode: all }, text] = await Promise.all([handle.stat(), handle.readFile('utf8')])
    .catch((error: unknown) => {
      throw failed(file, 'read', error);
    })
    .finally(() => void handle.close());
  const mode = all & 0o777;
  if (process.platform !== 'win32' && (mode & 0o022) !== 0)
    throw new OperatorError(
      `Others than its owner can write to ${file} (mode ${mode.toString(8)}), and give themselves tokens. Look at what is in it, then: chmod 600 ${file}`,
    );
  return text;
}

/**
 * Changes the tokens of a file, which is made where there is none. One change at a time: each is written to a file that
 * can be made only once, which then takes the place of the one before. A process that reads meanwhile, or is killed half-way,
 * finds or leaves the old one.
 * @throws OperatorError, and all errors of `change`
 */
export async function changeTokens(
  file: string,
  change: (tokens: StoredToken[]) => StoredToken[],
): Promise<void> {
  try {
    makeFolder(path.dirname(file), 0o700);
  } catch (error) {
    throw failed(file, 'made', error);
  }
  const target = (await ifThere(file, realpath(file))) ?? file;
  const next = `${target}.lock`;
  const handle = await openAlone(next, target);
  try {
    await keepOwner(handle, target);
    const tokens = change((await readTokensIfAny(target)) ?? []);
    await handle.writeFile(`${JSON.stringify({ tokens }, null, 2)}\n`);
    await handle.sync();
    await handle.close();
    await rename(next, target);
  } catch (error) {
    await handle.close();
    await rm(next, { force: true });
    throw errorCode(error) === undefined ? error : failed(file, 'written', error);
  }
}

const TRIES = 50;
const BETWEEN_TRIES_MS = 100;

/** @throws OperatorError where another has it for longer than any change takes */
async function openAlone(lock: string, file: string): Promise<FileHandle> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open(lock, 'wx', 0o600);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw failed(file, 'written', error);
      if (tries === TRIES) {
        throw new OperatorError(
          `${lock} is there: another "steward token" is at work, or was killed at it. If none is, remove that file; the tokens are as they were.`,
          { cause: error },
        );
      }
    }
    await setTimeout(BETWEEN_TRIES_MS);
  }
}

/** A root who changes the tokens of a server must not take its file away from it. */
async function keepOwner(next: FileHandle, file: string): Promise<void> {
  const kept = process.getuid?.() === 0 ? await ifThere(file, stat(file)) : undefined;
  if (kept) await next.chown(kept.uid, kept.gid);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was found of a file; undefined where there is none. */
function ifThere<Found>(file: string, found: Promise<Found>): Promise<Found | undefined> {
  return found.catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw failed(file, 'read', error);
  });
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).syscall === undefined
    ? undefined
    : (error as NodeJS.ErrnoException).code;
}

function failed(file: string, what: string, error: unknown): OperatorError {
  return new OperatorError(`${file} cannot be ${what} (${errorCode(error)}).`, { cause: error });
}
