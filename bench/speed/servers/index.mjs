import { fileURLToPath } from 'node:url';
import { MAIN } from '../../../tests/support/command.mjs';
import { toSql } from '../questions.mjs';

/** @typedef {{ command: string, args: string[], env?: Record<string, string> }} Command */
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
export const EMPTY_SDK = 'the SDK’s empty tool';

/**
 * @param {string} databaseUrl
 * @param {import('./peers.mjs').Peers} peers
 * @param {string} toolboxConfigFile
 * @returns {ServerKind[]}
 */
export function serverKinds(databaseUrl, peers, toolboxConfigFile) {
  const quietly = ['--disable-version-check', '--disable-reload', '--log-level', 'ERROR'];
  const toolboxArgs = ['--config', toolboxConfigFile, ...quietly];
  const dsn = new URL(databaseUrl);
  if (!dsn.searchParams.has('sslmode')) dsn.searchParams.set('sslmode', 'disable');
  return [
    steward(databaseUrl),
    {
      name: TOOLBOX,
      looksUp: true,
      stdio: { command: peers.toolbox, args: [...toolboxArgs, '--stdio'] },
      http: (port) => ({ command: peers.toolbox, args: [...toolboxArgs, '--port', String(port)] }),
      toCall: toNamedTool,
    },
    {
      name: DBHUB,
      looksUp: true,
      stdio: { command: peers.node, args: [peers.dbhub, '--transport', 'stdio', '--dsn', dsn.href] },
      toCall: (question) => ['execute_sql', { sql: toSql(question) }],
    },
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

/** @type {ServerKind['toCall']} */
function toNamedTool({ limit, criteria }) {
  return criteria ? ['find_users', { ...criteria, limit }] : ['list_recent_users', { limit }];
}
