import { fileURLToPath } from 'node:url';
import { MAIN } from '../../../tests/support/command.mjs';
import { toSql } from '../questions.mjs';

/** @typedef {import('./server-process.mjs').Command} Command */
/** @typedef {import('../questions.mjs').Question} Question */
/**
 * The command of a server, and its form of a query. `looksUp`: whether it answers at all from the database.
 * @typedef {object} ServerKind
 * @property {string} name
 * @property {boolean} looksUp
 * @property {Command} stdio
 * @property {(port: number) => Command} [http]
 * @property {(question: Question) => [tool: string, args: object]} toCall
 */

export const STEWARD = 'Steward';
export const TOOLBOX = 'Toolbox';
export const DBHUB = 'DBHub';
const SERVER_POSTGRES = 'server-postgres';
export const EMPTY_SDK = 'the SDK’s empty tool';

/**
 * @param {string} databaseUrl
 * @param {import('./peers.mjs').Peers} peers
 * @param {string} toolboxConfigFile
 * @returns {ServerKind[]}
 */
export function serverKinds(databaseUrl, peers, toolboxConfigFile) {
  return [
    steward(databaseUrl),
    toolbox(peers, toolboxConfigFile),
    dbhub(databaseUrl, peers),
    serverPostgres(databaseUrl, peers),
    EMPTY,
  ];
}

/** @param {string} databaseUrl @returns {ServerKind} */
export function steward(databaseUrl) {
  // The defaults of production, but for the limits that keep one caller from doing what a bench does.
  const env = {
    DATABASE_URL: databaseUrl,
    AUTH_MODE: 'none',
    RATE_LIMIT_PER_MINUTE: '1000000000',
    MAX_CALLS_IN_FLIGHT_PER_CALLER: '64',
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

/** @param {import('./peers.mjs').Peers} peers @param {string} configFile @returns {ServerKind} */
function toolbox(peers, configFile) {
  const quietly = ['--disable-version-check', '--disable-reload', '--log-level', 'ERROR'];
  const args = ['--config', configFile, ...quietly];
  return {
    name: TOOLBOX,
    looksUp: true,
    stdio: { command: peers.toolbox, args: [...args, '--stdio'] },
    http: (port) => ({ command: peers.toolbox, args: [...args, '--port', String(port)] }),
    toCall: toNamedTool,
  };
}

/** @param {string} databaseUrl @param {import('./peers.mjs').Peers} peers @returns {ServerKind} */
function dbhub(databaseUrl, peers) {
  const url = new URL(databaseUrl);
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable');
  return {
    name: DBHUB,
    looksUp: true,
    stdio: { command: peers.node, args: [peers.dbhub, '--transport', 'stdio', '--dsn', url.href] },
    toCall: (question) => ['execute_sql', { sql: toSql(question) }],
  };
}

/** @param {string} databaseUrl @param {import('./peers.mjs').Peers} peers @returns {ServerKind} */
function serverPostgres(databaseUrl, peers) {
  return {
    name: SERVER_POSTGRES,
    looksUp: true,
    stdio: { command: process.execPath, args: [peers.serverPostgres, databaseUrl] },
    toCall: (question) => ['query', { sql: toSql(question) }],
  };
}

/** @type {ServerKind} */
const EMPTY = {
  name: EMPTY_SDK,
  looksUp: false,
  stdio: { command: process.execPath, args: [fileURLToPath(new URL('empty-sdk.mjs', import.meta.url))] },
  http: (port) => ({
    command: process.execPath,
    args: [fileURLToPath(new URL('empty-sdk-http.mjs', import.meta.url))],
    env: { EMPTY_SDK_PORT: String(port) },
  }),
  toCall: () => ['empty', {}],
};

/** @type {ServerKind['toCall']} */
function toNamedTool({ limit, criteria }) {
  return criteria ? ['find_users', { ...criteria, limit }] : ['list_recent_users', { limit }];
}
