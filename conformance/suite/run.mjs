import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { run } from '../../tests/support/command.mjs';
import { startSteward } from '../steward-http.mjs';
import { suiteDomain } from './catalogue.mjs';

/** @typedef {import('../report.mjs').Row} Row */
/** @typedef {{ status: string, name: string, errorMessage?: string, details?: { message?: string } }} Check */

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const SUITE = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));

/**
 * The active scenarios of the official suite, against the HTTP server as it is in production.
 * @param {string} dir for what is to be thrown away
 * @returns {Promise<{ rows: Row[], faults: string[] }>}
 */
export async function runSuite(dir) {
  /** @type {Record<string, string>} */
  const baseline = parse(await readFile(here('baseline.yaml'), 'utf8'));
  const expected = path.join(dir, 'expected-failures.yaml');
  await writeFile(expected, stringify({ server: Object.keys(baseline) }));
  const results = path.join(dir, 'results');

  const steward = await startSteward([here('serve.mjs')], { STEWARD_DATA_DIR: path.join(dir, 'suite') });
  try {
    const options = ['--suite', 'active', '--expected-failures', expected, '--output-dir', results];
    const ran = await run([SUITE, 'server', '--url', steward.url, ...options]);
    const names = scenariosIn(ran.stdout);
    const checks = await checksIn(results);
    const rows = names.map((name) => judge(name, checks.get(name) ?? [], baseline[name]));
    const unknown = Object.keys(baseline).filter((name) => !names.includes(name));
    const faults = [
      ...unknown.map((name) => `The baseline names ${name}, which is no scenario of the suite.`),
      ...wrongCalls(steward.log()),
      ...steward.faults(),
    ];
    // The suite has its own opinion of its baseline; it must not be a worse one.
    const agreed = rows.every(({ result }) => result !== 'FAILED');
    if (agreed && ran.code !== 0)
      faults.push(`The suite ended with ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
    return { rows, faults };
  } finally {
    await steward.stop();
  }
}

/** @param {string} stdout */
function scenariosIn(stdout) {
  const names = [...stdout.matchAll(/^=== Running scenario: (.+) ===$/gm)].map(([, name]) => String(name));
  const announced = Number(/^Running active suite \((\d+) scenarios\)/m.exec(stdout)?.[1]);
  if (names.length !== announced) throw new Error(`The suite did not run all of its scenarios:\n${stdout}`);
  return names;
}

/** @param {string} results @returns {Promise<Map<string, Check[]>>} by scenario */
async function checksIn(results) {
  const checks = new Map();
  for (const folder of await readdir(results)) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(folder)?.[1];
    const text = await readFile(path.join(results, folder, 'checks.json'), 'utf8').catch(() => '[]');
    checks.set(scenario, JSON.parse(text));
  }
  return checks;
}

/** As the suite judges, but that a scenario in which nothing succeeded has not passed. @param {string} name @param {Check[]} checks @param {unknown} reason @returns {Row} */
function judge(name, checks, reason) {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const passed = bad.length === 0 && checks.some(({ status }) => status === 'SUCCESS');
  if (passed && reason === undefined) return { name, result: 'passed', note: '' };
  if (passed) return { name, result: 'FAILED', note: 'It passes: take it out of the baseline.' };
  if (typeof reason === 'string' && reason !== '') return { name, result: 'not offered', note: reason };
  const complaints = bad.map((check) => check.errorMessage ?? check.details?.message ?? check.name);
  return { name, result: 'FAILED', note: complaints.join('; ') || 'Nothing was checked.' };
}

/** The outcomes of the calls of each capability; all others succeed. @type {Record<string, string>} */
const OUTCOMES = { test_error_handling: 'CONFLICT' };

/**
 * The suite takes an error for an answer where that holds text, too. What the server's log says of its calls shows that what
 * the catalogue has was asked for, and answered.
 * @param {Record<string, any>[]} log
 * @returns {string[]} what is wrong
 */
function wrongCalls(log) {
  const { tools, prompts, resources } = suiteDomain;
  const names = [...tools, ...prompts].map(({ name }) => name);
  const calls = log.filter(({ message }) => message === 'call');
  const reads = calls.filter(({ kind }) => kind === 'resource');
  // A name that is not offered is NOT_FOUND.
  const known = [...reads, ...calls.filter(({ capability }) => names.includes(capability))];
  const read = new Set(reads.map(({ capability }) => capability));
  return [
    ...known
      .filter(({ capability, outcome }) => outcome !== (OUTCOMES[capability] ?? 'OK'))
      .map(({ capability, outcome }) => `A call of ${capability} ended with ${outcome}.`),
    ...names
      .filter((name) => !known.some(({ capability }) => capability === name))
      .map((name) => `${name} stands in the catalogue, and was not called.`),
    ...(read.size === resources.length ? [] : [`Of ${resources.length} resources, ${read.size} were read.`]),
  ];
}
