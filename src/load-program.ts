import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

const SEAL_BYTES = 32;

/** Where the compiled code of a program stands, beside it. */
export const codeCacheOf = (file: string): string => `${file}.cache`;

export interface LoadedProgram {
  script: Script;
  run(): void;
  /** What to keep as its code cache: the code that V8 has made of it so far, sealed with the source it was made of. */
  compiled(): Buffer;
}

/**
 * Loads the bundle that `npm run build` makes of all modules (a CommonJS module in ASCII), with the code that V8 made of
 * it then: that saves a third of a start. V8 passes over code of another version of itself, and compiles as usual. To
 * itself, it takes code for that of any source of the same length, and would crash on code that was damaged.
 */
export function loadProgram(file: string): LoadedProgram {
  const source = readFileSync(file, 'latin1');
  const cachedData = unsealed(readIfThere(codeCacheOf(file)), source);
  const script = new Script(`(function (require, __filename) {${source}\n})`, {
    filename: file,
    ...(cachedData && { cachedData }),
  });
  return {
    script,
    run: () => void script.runInThisContext()(createRequire(file), file),
    compiled: () => {
      const code = script.createCachedData();
      return Buffer.concat([seal(source, code), code]);
    },
  };
}

/** The code, if it is whole and was made of this source. */
function unsealed(sealed: Buffer | undefined, source: string): Buffer | undefined {
  const code = sealed?.subarray(SEAL_BYTES);
  return code && sealed?.subarray(0, SEAL_BYTES).equals(seal(source, code)) ? code : undefined;
}

function seal(source: string, code: Buffer): Buffer {
  return createHash('sha256').update(source, 'latin1').update(code).digest();
}

/** A file that is not there costs nothing but time. */
function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
