import path from 'node:path';
import { bareEnvironment, MAIN } from '../../tests/support/command.mjs';
import { onEmbeddedDatabase, StewardHttp } from '../steward-http.mjs';
import { callsFor } from './calls.mjs';
import { installInspector } from './install.mjs';
import { invoke, pairs } from './invoke.mjs';

/** @typedef {import('./invoke.mjs').Target} Target */
/** @typedef {import('../suite/run.mjs').Row} Row */

/**
 * A list of the server's: where the names stand in it, what is call for by each name, and how.
 * @typedef {object} List
 * @property {string[]} method with options of its own
 * @property {string} key
 * @property {Record<string, unknown>} table
 * @property {string} askedBy
 * @property {(name: string, call: any) => string[]} options
 */

/**
 * Everything that Steward lists, call for by the official inspector over HTTP and over stdio at the same time.
 * @param {string} dir for what is to be thrown away
 * @param {AbortSignal} signal
 * @returns {Promise<{ rows: Row[], faults: string[] }>}
 * @throws PackagesUnavailableError where the inspector cannot be had
 */
export async function runInspector(dir, signal) {
  const shared = { inspector: await installInspector(signal), home: path.join(dir, 'home'), signal };
  const env = onEmbeddedDatabase(path.join(dir, 'inspector'));
  const steward = await StewardHttp.start([MAIN, 'http'], env);
  try {
    const lanes = await Promise.all([
      inspect('http', 1, { ...shared, target: [steward.url] }),
      inspect('stdio', 2, { ...shared, target: stdioTarget(env) }),
    ]);
    return { rows: lanes.flat(), faults: steward.faults() };
  } finally {
    await steward.stop();
  }
}

/**
 * It passes nothing of its own environment on, and shows what the server writes to stderr: only what is wrong, here.
 * @param {Record<string, string>} env
 */
const stdioTarget = (env) => [
  process.execPath,
  MAIN,
  ...pairs('-e', bareEnvironment({ ...env, LOG_LEVEL: 'warn' })),
];

/** @param {string} transport @param {number} userId @param {Target} target @returns {Promise<Row[]>} */
async function inspect(transport, userId, target) {
  /** @type {Row[]} */
  const rows = [];
  for (const list of listsFor(transport, userId)) {
    const { names, complaint } = await namesIn(list, target);
    rows.push(row(`${transport}: ${list.method.join(' ')}`, complaint));
    for (const name of names) {
      const call = list.table[name];
      const about = `${transport}: ${list.askedBy} ${name}`;
      if (call === undefined)
        rows.push(row(about, 'conformance/inspector/calls.mjs does not say what to ask of it.'));
      else rows.push(row(about, (await invoke(target, [list.askedBy], list.options(name, call))).complaint));
    }
  }
  return rows;
}

/** @param {List} list @param {Target} target */
async function namesIn({ method, key, table }, target) {
  const { answer, complaint } = await invoke(target, method);
  /** @type {string[]} */
  const names = (answer[key] ?? []).map((/** @type {{ name: string }} */ { name }) => name);
  const missing = Object.keys(table).filter((name) => !names.includes(name));
  const wrong =
    missing.length > 0 ? `Not listed, but in conformance/inspector/calls.mjs: ${missing.join(', ')}.` : '';
  return { names, complaint: complaint || wrong };
}

/** @param {string} transport @param {number} userId @returns {List[]} */
function listsFor(transport, userId) {
  const { tools, resources, templates, prompts } = callsFor({ userId, suffix: transport });
  const read = {
    askedBy: 'resources/read',
    options: (/** @type {string} */ _, /** @type {string} */ uri) => ['--uri', uri],
  };
  return [
    {
      method: ['tools/list', '--strict'],
      key: 'tools',
      table: tools,
      askedBy: 'tools/call',
      options: (name, args) => ['--tool-name', name, ...pairs('--tool-arg', args)],
    },
    { method: ['resources/list'], key: 'resources', table: resources, ...read },
    { method: ['resources/templates/list'], key: 'resourceTemplates', table: templates, ...read },
    {
      method: ['prompts/list'],
      key: 'prompts',
      table: prompts,
      askedBy: 'prompts/get',
      options: (name, args) => ['--prompt-name', name, ...pairs('--prompt-args', args)],
    },
  ];
}

/** @param {string} name @param {string} note what is wrong, if anything @returns {Row} */
const row = (name, note) => ({ name, result: note === '' ? 'passed' : 'FAILED', note });
