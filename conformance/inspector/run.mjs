import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { bareEnvironment, MAIN } from '../../tests/support/command.mjs';
import { startSteward } from '../steward-http.mjs';
import { LISTS } from './calls.mjs';
import { installInspector } from './install.mjs';

/** @typedef {import('../report.mjs').Row} Row */
/** @typedef {{ answer: Record<string, any>, complaint: string }} Seen the complaint is empty where there is none */

/**
 * Everything that Steward lists, called for by the official inspector.
 * @param {string} dir for what is to be thrown away
 * @returns {Promise<{ rows: Row[], faults: string[] }>}
 * @throws PackagesUnavailableError where the inspector cannot be had
 */
export async function runInspector(dir) {
  const ask = await prepareInspector(path.join(dir, 'home'));
  const steward = await startSteward([MAIN, 'http'], { STEWARD_DATA_DIR: path.join(dir, 'inspector') });
  /** @type {Row[]} */
  const rows = [];
  const note = (/** @type {string} */ name, /** @type {string} */ complaint) =>
    rows.push({ name, result: complaint === '' ? 'passed' : 'FAILED', note: complaint });
  try {
    for (const { method, key, asks, naming, argument = '', calls } of LISTS) {
      const { answer, complaint } = await ask(steward.url, method);
      /** @type {string[]} */
      const names = (answer[key] ?? []).map((/** @type {{ name: string }} */ { name }) => name);
      const missing = Object.keys(calls).filter((name) => !names.includes(name));
      const wrong = missing.map(
        (name) => `${name} stands in conformance/inspector/calls.mjs and is not listed.`,
      );
      note(method.join(' '), complaint || wrong.join(' '));
      for (const name of names) {
        const call = calls[name];
        const options =
          typeof call === 'string' ? [naming, call] : [naming, name, ...pairs(argument, call ?? {})];
        const said = call
          ? (await ask(steward.url, [asks, ...options])).complaint
          : 'conformance/inspector/calls.mjs does not say what to ask of it.';
        note(`${asks} ${name}`, said);
      }
    }
    return { rows, faults: steward.faults() };
  } finally {
    await steward.stop();
  }
}

/** @param {string} option @param {Record<string, unknown>} values */
function pairs(option, values) {
  return Object.entries(values).flatMap(([name, value]) => [
    option,
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
}

/** @param {string} home @returns {Promise<(url: string, method: string[]) => Promise<Seen>>} its command line, to run once */
async function prepareInspector(home) {
  const { node, script } = await installInspector();
  const options = { env: bareEnvironment({ HOME: home }), timeout: 120_000, maxBuffer: 2 ** 24 };
  return async (url, method) => {
    const running = promisify(execFile)(node, [script, url, '--method', ...method], options);
    running.child.stdin?.end();
    const { code = 0, stdout, stderr } = await running.catch((error) => error);
    // It says on stderr what it warns of, and there alone.
    if (code === 0 && stderr === '') return { answer: JSON.parse(stdout), complaint: '' };
    // An error gives its reason in the answer.
    const said = code === 0 ? stderr : `${stderr}${stdout}`;
    return { answer: {}, complaint: `exit code ${code}: ${said.trim()}` };
  };
}
