import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { OperatorError } from '../../errors.js';

/** The kind of database that a backup was made of, and that it can be restored on. */
export type Kind = 'server' | 'embedded';

/** A backup with an intact seal. */
export interface Sealed {
  kind: Kind;
  /** The size of the file without its seal. */
  bytes: number;
}

/**
 * The last line of each backup: its kind, and the SHA-256 of everything before the line. pg_restore ignores bytes after
 * the end of its archive.
 */
const SEAL = /\nSTEWARD-BACKUP 1 (server|embedded) ([0-9a-f]{64})\n$/;
const LONGEST_SEAL = 128;

function sealOf(kind: Kind, sha256: string): string {
  return `\nSTEWARD-BACKUP 1 ${kind} ${sha256}\n`;
}

/** Passes bytes through and adds the seal at their end. */
export function sealing(kind: Kind): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      done(null, sealOf(kind, hash.digest('hex')));
    },
  });
}

/**
 * Reads a backup from its first byte to its last.
 * @throws OperatorError if any byte has changed since the backup was made
 */
export async function checkSeal(file: string): Promise<Sealed> {
  const { size, kind, expected } = await readSeal(file);
  const bytes = size - sealOf(kind, expected).length;
  const hash = createHash('sha256');
  if (bytes > 0)
    for await (const chunk of createReadStream(file, { end: bytes - 1 })) hash.update(chunk as Buffer);
  if (hash.digest('hex') === expected) return { kind, bytes };
  throw new OperatorError(`${file} was altered or damaged since it was made. Nothing was changed.`);
}

async function readSeal(file: string): Promise<{ size: number; kind: Kind; expected: string }> {
  const handle = await open(file).catch((error: Error) => {
    throw new OperatorError(`The backup cannot be read: ${error.message}`, { cause: error });
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new OperatorError(`${file} is not a file.`);
    const end = Buffer.alloc(Math.min(stat.size, LONGEST_SEAL));
    await handle.read(end, 0, end.length, stat.size - end.length);
    const [, kind, expected] = SEAL.exec(end.toString('latin1')) ?? [];
    if (kind && expected) return { size: stat.size, kind: kind as Kind, expected };
  } finally {
    await handle.close();
  }
  throw new OperatorError(
    `${file} is not a whole backup of Steward's: it was cut short, or made by something else. Nothing was changed.`,
  );
}
