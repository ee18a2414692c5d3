#!/usr/bin/env node
// Whether Steward is an MCP server as the specification has it, in the opinion of others: the official conformance suite and the
// official inspector.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PackagesUnavailableError } from '../scripts/cached-packages.mjs';
import { runInspector } from './inspector/run.mjs';
import { printPart, updatePage } from './report.mjs';
import { runSuite } from './suite/run.mjs';

const HELP = `Usage: npm run conformance [-- suite | inspector] [-- --write]

suite      the official conformance suite, against "steward http" on a catalogue made for the suite
inspector  the official inspector's command line: every tool, resource and prompt

Both have embedded databases of their own. The suite needs no network. The inspector comes from the npm registry, pinned,
into folders "steward-inspector" and, where this Node is older than 22.19, "steward-node" of your cache folder.

--write brings docs/conformance.md up to date with what the suite says; without it, a page that is not up to date is a
failure.

Exit code 1: something failed; the tables say what. Exit code 2: nothing failed, but the inspector could not be had.`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const [only] = positionals;
if (flags.help || positionals.length > 1 || !['suite', 'inspector', undefined].includes(only)) {
  console.error(HELP);
  process.exit(flags.help ? 0 : 2);
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-conformance-'));
const cleanUp = () => rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)));

try {
  process.exitCode = await run();
} finally {
  await cleanUp();
}

/** @returns {Promise<number>} the exit code */
async function run() {
  let failures = 0;
  if (only !== 'inspector') {
    const suite = await runSuite(dir);
    failures += printPart('The official conformance suite, against steward http', suite);
    failures += await updatePage(suite.rows, flags.write);
  }
  if (only !== 'suite') {
    const title = 'The official inspector, on all that is listed';
    try {
      failures += printPart(title, await runInspector(dir));
    } catch (error) {
      if (!(error instanceof PackagesUnavailableError)) throw error;
      console.log(
        `\n${title}\n\nnot shown: no npm registry, or not all of what is needed in it. ${error.message}`,
      );
      return failures > 0 ? 1 : 2;
    }
  }
  return failures > 0 ? 1 : 0;
}
