#!/usr/bin/env node
// Does to Steward and its PostgreSQL what happens to servers, one fault after the other, and says after each whether what
// Steward promises still held.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { POSTGRES_BIN } from '../../tests/support/postgres-server.mjs';
import * as clients from './clients.mjs';
import * as clock from './clock.mjs';
import * as connections from './connections.mjs';
import * as disk from './disk.mjs';
import * as failOver from './fail-over.mjs';
import * as kill from './kill.mjs';
import { Lab } from './lab/lab.mjs';
import * as lock from './lock.mjs';
import * as malformed from './malformed.mjs';
import * as pause from './pause.mjs';
import * as restart from './restart.mjs';
import * as slow from './slow.mjs';

/**
 * What became of a fault. `skipped`: why it could not be made here.
 * @typedef {{ figures: string[], problems: string[], skipped?: string }} Result
 */
/** @typedef {{ name: string, title: string, run(lab: Lab): Promise<Result> }} Fault */

/** @type {Fault[]} */
const FAULTS = [kill, restart, pause, connections, disk, failOver, lock, slow, clients, clock, malformed];

const HELP = `Usage: npm run faults -- [--short] [--only name[,name]] [--seconds 20] [--seed number]

Starts PostgreSQL servers and Stewards of its own, on loopback addresses and in temporary folders, and makes these faults:

${FAULTS.map(({ name, title }) => `  ${name.padEnd(12)}${title}`).join('\n')}

  --short    fewer rounds of each, as in CI
  --only     just these faults
  --seconds  how long each fault goes on that can go on for any time
  --seed     of the malformed requests; a run prints its own

Exit code 0: every promise was kept. A fault that cannot be made here is SKIPPED, says why, and changes nothing about
that. 1: something was broken, and the logs are kept. 2: this was not understood.`;

const SHOWN = 8;
const SECONDS = { short: 3, full: 20 };

const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const only = flags.only?.split(',');
const seconds = Number(flags.seconds ?? (flags.short ? SECONDS.short : SECONDS.full));
const seed = Number(flags.seed ?? Math.floor(Math.random() * 2 ** 31));
const unknown = only?.filter((wanted) => !FAULTS.some(({ name }) => name === wanted)) ?? [];
const misunderstood = [
  ...unknown.map((name) => `There is no fault "${name}".`),
  ...(seconds >= 1 && seconds <= 600 ? [] : ['--seconds must be 1 to 600.']),
  ...(Number.isInteger(seed) ? [] : ['--seed must be a whole number.']),
  ...(POSTGRES_BIN === undefined ? ["PostgreSQL's programs are not installed here."] : []),
];
if (flags.help || misunderstood.length > 0) {
  console.error(flags.help ? HELP : `${misunderstood.join('\n')}\n\n${HELP}`);
  process.exit(flags.help ? 0 : 2);
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-faults-'));
const lab = new Lab({ dir, short: flags.short, seconds, seed });
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
]))
  process.once(signal, () => void lab.close().finally(() => process.exit(code)));

let broken = 0;
const began = performance.now();
try {
  for (const fault of FAULTS) if (only?.includes(fault.name) ?? true) broken += await make(fault);
} finally {
  await lab.close();
}
console.log(
  `\n${broken === 0 ? 'Every promise was kept' : `${broken} of the faults broke a promise`}; ${elapsed(began)}.`,
);
if (broken === 0) await rm(dir, { recursive: true, force: true });
else console.log(`The logs of the servers are in ${dir}.`);
process.exit(broken === 0 ? 0 : 1);

/** @param {Fault} fault @returns {Promise<number>} how many faults broke a promise: this one, or none */
async function make(fault) {
  const start = performance.now();
  const { figures, problems, skipped } = await resultOf(fault);
  const verdict = problems.length > 0 ? 'BROKEN ' : skipped === undefined ? 'kept   ' : 'SKIPPED';
  console.log(`${verdict}  ${fault.name.padEnd(12)}${fault.title} (${elapsed(start)})`);
  for (const line of [...(skipped === undefined ? [] : [skipped]), ...figures])
    console.log(`${' '.repeat(21)}${line}`);
  for (const problem of problems.slice(0, SHOWN)) console.log(`         ! ${problem}`);
  if (problems.length > SHOWN) console.log(`         ! and ${problems.length - SHOWN} more`);
  return problems.length > 0 ? 1 : 0;
}

/** @param {Fault} fault @returns {Promise<Result>} */
async function resultOf({ run }) {
  try {
    return await run(lab);
  } catch (error) {
    const { stack } = /** @type {Error} */ (error);
    return { figures: [], problems: [`the fault could not be made: ${stack}`] };
  } finally {
    await lab.tidy();
  }
}

/** @param {number} since */
function elapsed(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
