import { fileURLToPath } from 'node:url';
import { MAIN } from '../../../tests/support/command.mjs';
import { toSql } from '../questions.mjs';

/** @typedef {{ command: string, args: string[], env?: Record<string, string> }} Command */
/** @typedef {import('../questions.mjs').Question} Question */
/**
 * The command of a server, and its form of a query. `looksUp`: whether it answers at all from the database.
 * @template [Asked=Question]
 * @typedef {object} ServerKind
 * @property {string} name
 * @property {boolean} looksUp
 * @property {Command} stdio
 * @property {(port: number) => Command} [http]
 * @property {(question: Asked) => [tool: string, args: object]} toCall
 */

export const STEWARD = 'Steward';
export const TOOLBOX = 'Toolbox';
export const DBHUB = 'DBHub';
export const EMPTY_SDK = 'the SDK’s empty tool';

/**
 * Those that answer questions about the directory.
 * @param {string} databaseUrl
 * @param {import('./peers.mjs').Peers} peers
 * @param {string} toolboxConfigFile
 * @returns {ServerKind[]}
 */
export function serverKinds(databaseUrl, peers, toolboxConfigFile) {
  return [
    steward(databaseUrl),
    toolbox(peers, toolboxConfigFile, toNamedTool),
    dbhub(peers, databaseUrl, (question) => ['execute_sql', { sql: toSql(question) }]),
    {
      name: 'server-postgres',
      looksUp: true,
      stdio: { command: process.execPath, args: [peers.serverPostgres, databaseUrl] },
      toCall: (question) => ['query', { sql: toSql(question) }],
    },
    {
      name: EMPTY_SDK,
      looksUp: false,
      stdio: { command: process.execPath, args: [here('empty-sdk.mjs')] },
      http: (port) => ({
        command: process.execPath,
        args: [here('empty-sdk-http.mjs')],
        env: { EMPTY_SDK_PORT: String(port) },
      }),
      toCall: () => ['empty', {}],
    },
  ];
}

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @template Asked
 * @param {import('./peers.mjs').Peers} peers
 * @param {string} configFile
 * @param {ServerKind<Asked>['toCall']} toCall
 * @returns {ServerKind<Asked>}
 */
export function toolbox({ toolbox: command }, configFile, toCall) {
  const quietly = ['--disable-version-check', '--disable-reload', '--log-level', 'ERROR'];
  const args = ['--config', configFile, ...quietly];
  return {
    name: TOOLBOX,
    looksUp: true,
    stdio: { command, args: [...args, '--stdio'] },
    http: (port) => ({ command, args: [...args, '--port', String(port)] }),
    toCall,
  };
}

/**
 * @template Asked
 * @param {import('./peers.mjs').Peers} peers
 * @param {string} databaseUrl
 * @param {ServerKind<Asked>['toCall']} toCall
 * @returns {ServerKind<Asked>}
 */
export function dbhub(peers, databaseUrl, toCall) {
  const dsn = new URL(databaseUrl);
  if (!dsn.searchParams.has('sslmode')) dsn.searchParams.set('sslmode', 'disable');
  const args = [peers.dbhub, '--transport', 'stdio', '--dsn', dsn.href];
  return { name: DBHUB, looksUp: true, stdio: { command: peers.node, args }, toCall };
}

/** @param {string} databaseUrl @param {Record<string, string>} settings @returns {ServerKind} */
export function steward(databaseUrl, settings = {}) {
  // The defaults of production, but for the limits that keep one caller from doing what a bench does.
  const env = {
    DATABASE_URL: databaseUrl,
    AUTH_MODE: 'none',
    RATE_LIMIT_PER_MINUTE: '1000000000',
    MAX_CALLS_IN_FLIGHT_PER_CALLER: '64',
    ...settings,
  };
  return {
    name: STEWARD,
    looksUp: true,
    stdio: { command: process.execPath, args: [MAIN], env },
    http: (port) => ({
      command: process.execPath,
      args: [MAIN, 'http'],
      env: { ...env, HTTP_PORT: String(port) },
    }),
    toCall: toNamedTool,
  };
}

/** @type {ServerKind['toCall']} */
function toNamedTool({ limit, criteria }) {
  return criteria ? ['find_users', { ...criteria, limit }] : ['list_recent_users', { limit }];
}
