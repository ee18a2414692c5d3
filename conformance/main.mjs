#!/usr/bin/env node
// Whether Steward is an MCP server as the specification has it, in the opinion of others: the official conformance suite, the
// official inspector, and clients that people use.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PackagesUnavailableError } from '../scripts/cached-packages.mjs';
import { runClients } from './clients/run.mjs';
import { runInspector } from './inspector/run.mjs';
import { printPart, suiteTables, updatePage } from './report.mjs';
import { runSuite } from './suite/run.mjs';

const HELP = `Usage: npm run conformance [-- suite | inspector | clients] [-- --write]

suite      what the official conformance suite requires of a server in each era of MCP, against "steward http" on a
           catalogue made for the suite
inspector  the official inspector's command line: every tool, resource and prompt
clients    a tour with each client of docs/compatibility.md: stdio, HTTP, log-ins by OAuth

All have embedded databases of their own. The programs come from the npm registry, pinned, into folders "steward-conformance",
"steward-inspector", "steward-clients" and "steward-node" of your cache folder.

--write brings the tables in docs/ up to date; without it, a page that is not up to date is a failure.

Exit code 1: something failed; the tables say what. Exit code 2: nothing failed, but not all programs could be had.`;

const PARTS = /** @type {const} */ ([
  ['suite', 'The official conformance suite, against steward http', checkSuite],
  [
    'inspector',
    'The official inspector, on all that is listed',
    async (/** @type {string} */ title) => printPart(title, await runInspector(dir)),
  ],
  ['clients', 'A tour with clients that people use', checkClients],
]);

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
const [only] = positionals;
if (flags.help || positionals.length > 1 || (only !== undefined && !PARTS.some(([name]) => name === only))) {
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
  let unavailable = 0;
  for (const [name, title, runPart] of PARTS) {
    if (only !== undefined && only !== name) continue;
    try {
      failures += await runPart(title);
    } catch (error) {
      if (!(error instanceof PackagesUnavailableError)) throw error;
      unavailable += 1;
      console.log(
        `\n${title}\n\nnot shown: no npm registry, or not all of what is needed in it. ${error.message}`,
      );
    }
  }
  if (failures > 0) return 1;
  return unavailable > 0 ? 2 : 0;
}

/** @param {string} title */
async function checkSuite(title) {
  const { parts, faults } = await runSuite(dir);
  let failures = faults.length;
  for (const part of parts) failures += printPart(`${title}: what ${part.revision} requires`, part);
  for (const fault of faults) console.log(`FAILED       ${fault}`);
  return failures + (await updatePage('conformance', 'suite', suiteTables(parts), flags.write));
}

/** @param {string} title */
async function checkClients(title) {
  const clients = await runClients(dir);
  const failures = printPart(title, clients);
  return failures + (await updatePage('compatibility', 'clients', clients.table, flags.write));
}
