import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const url = new URL('steward.cjs', import.meta.url);
const filename = fileURLToPath(url);
/** The code that V8 had compiled after a first call, saved by the build. */
export const codeCache = `${filename}.cache`;

// The bundle runs as a script because V8 can save a script's functions after they ran. Node's own compile cache saves a
// module before they run, which gains less than half as much. V8 ignores code of another version of itself. Of the source
// it compares the length only, so the build always writes both files. esbuild writes ASCII.
const source = `(function (require, module, importMetaUrl) {${readFileSync(filename, 'latin1')}\n})`;
export const script = new Script(source, {
  // V8 keeps this name with the code: a path would be that of the build, in every stack trace of an installation.
  filename: 'steward.cjs',
  cachedData: existsSync(codeCache) ? readFileSync(codeCache) : undefined,
});

/** Runs the bundle, once for each process: classes of two runs would not know each other's errors. */
function load(): typeof import('./program.js') {
  const module = {};
  script.runInThisContext()(createRequire(url), module, url.href);
  return (module as { exports: typeof import('./program.js') }).exports;
}

export const program = load();
