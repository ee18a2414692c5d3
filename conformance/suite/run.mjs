import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { run } from '../../tests/support/command.mjs';
import { startSteward } from '../steward-http.mjs';
import { suiteDomain } from './catalogue.mjs';
import { installSuite } from './install.mjs';

/** @typedef {import('../report.mjs').Row} Row */
/** @typedef {{ id: string, status: string, name: string, errorMessage?: string, details?: { message?: string } }} Check */
/** @typedef {{ server: string[] }} Requirements */

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** The revisions that the suite has requirements of, as each was released; one for each era. */
const REVISIONS = ['2026-07-28', '2025-11-25'];

/**
 * What the official suite requires of a server, revision by revision, against the HTTP server as it is in production.
 * @param {string} dir for what is to be thrown away
 * @returns {Promise<{ parts: { revision: string, rows: Row[], faults: string[] }[], faults: string[] }>}
 * @throws PackagesUnavailableError where the suite cannot be had
 */
export async function runSuite(dir) {
  const { script, node, requirements } = await installSuite();
  /** @type {Record<string, Record<string, string>>} */
  const baselines = parse(await readFile(here('baseline.yaml'), 'utf8'));
  const steward = await startSteward([here('serve.mjs')], { STEWARD_DATA_DIR: path.join(dir, 'suite') });
  try {
    const parts = [];
    for (const revision of REVISIONS) {
      const baseline = baselines[revision] ?? {};
      const expected = path.join(dir, `expected-failures-${revision}.yaml`);
      await writeFile(expected, stringify({ server: Object.keys(baseline) }));
      const results = path.join(dir, `results-${revision}`);
      const options = ['--requirements', revision, '--expected-failures', expected, '--output-dir', results];
      const ran = await run([script, 'server', '--url', steward.url, ...options], {}, dir, node);
      /** @type {Requirements} */
      const { server: names } = parse(await readFile(path.join(requirements, `${revision}.yaml`), 'utf8'));
      const checks = await checksIn(results);
      const rows = names.map((name) => judge(name, checks.get(name) ?? [], baseline[name]));
      const faults = Object.keys(baseline)
        .filter((name) => !names.includes(name))
        .map((name) => `The baseline names ${name}, which ${revision} does not require.`);
      // The suite has its own opinion of its baseline; it must not be a worse one.
      const agreed = rows.every(({ result }) => result !== 'FAILED');
      if (agreed && ran.code !== 0)
        faults.push(`The suite ended with ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
      parts.push({ revision, rows, faults });
    }
    return { parts, faults: [...wrongCalls(steward.log()), ...steward.faults()] };
  } finally {
    await steward.stop();
  }
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

/** A check that the suite makes in every scenario, beside those that the scenario is about. */
const OF_ALL = 'wire-schema-valid';

/** As the suite judges, but that a scenario in which nothing of its own succeeded has not passed. @param {string} name @param {Check[]} checks @param {unknown} reason @returns {Row} */
function judge(name, checks, reason) {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const passed = bad.length === 0 && checks.some(({ id, status }) => status === 'SUCCESS' && id !== OF_ALL);
  if (passed && reason === undefined) return { name, result: 'passed', note: '' };
  if (passed) return { name, result: 'FAILED', note: 'It passes: take it out of the baseline.' };
  if (typeof reason === 'string' && reason !== '') return { name, result: 'not offered', note: reason };
  const complaints = bad.map((check) => check.errorMessage ?? check.details?.message ?? check.name);
  return { name, result: 'FAILED', note: complaints.join('; ') || 'Nothing was checked.' };
}

/** The outcomes that calls of a capability may have; all others succeed. @type {Record<string, string[]>} */
const OUTCOMES = {
  test_error_handling: ['CONFLICT'],
  // It is never asked for with the capability that it needs.
  test_missing_capability: ['VALIDATION'],
  test_streaming_elicitation: ['INPUT_REQUIRED'],
  test_input_required_result_capabilities: ['INPUT_REQUIRED'],
  ...Object.fromEntries(
    ['sampling', 'list_roots', 'request_state', 'multiple_inputs', 'multi_round', 'prompt'].map((what) => [
      `test_input_required_result_${what}`,
      ['INPUT_REQUIRED', 'OK'],
    ]),
  ),
  // Some of its answers are none on purpose.
  test_input_required_result_elicitation: ['INPUT_REQUIRED', 'OK', 'VALIDATION'],
  test_input_required_result_tampered_state: ['INPUT_REQUIRED', 'VALIDATION'],
};

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
  // The suite asks for what is not offered, too.
  const addresses = resources.map(({ uriTemplate }) => uriTemplate);
  const reads = calls.filter(({ kind, capability }) => kind === 'resource' && addresses.includes(capability));
  const known = [...reads, ...calls.filter(({ capability }) => names.includes(capability))];
  const read = new Set(reads.map(({ capability }) => capability));
  return [
    ...known
      .filter(({ capability, outcome }) => !(OUTCOMES[capability] ?? ['OK']).includes(outcome))
      .map(({ capability, outcome }) => `A call of ${capability} ended with ${outcome}.`),
    ...names.flatMap((name) =>
      (OUTCOMES[name] ?? ['OK'])
        .filter(
          (wanted) => !known.some(({ capability, outcome }) => capability === name && outcome === wanted),
        )
        .map((wanted) => `No call of ${name} ended with ${wanted}.`),
    ),
    ...(read.size === resources.length ? [] : [`Of ${resources.length} resources, ${read.size} were read.`]),
  ];
}
