import path from 'node:path';
import {
  cachedPackages,
  NODE_VERSION,
  PackagesUnavailableError,
  pinnedNode,
} from '../../../scripts/cached-packages.mjs';

const PLATFORM = `${process.platform}-${process.arch}`;

const TOOLBOX = `@toolbox-sdk/server-${PLATFORM}`;
const DBHUB = '@bytebase/dbhub';
const SERVER_POSTGRES = '@modelcontextprotocol/server-postgres';

/** Toolbox is its binary; the package without a platform only finds it. */
const VERSIONS = { [TOOLBOX]: '1.12.0', [DBHUB]: '1.4.0', [SERVER_POSTGRES]: '0.6.2' };

/** Published for these by all of them. */
const PLATFORMS = ['linux-x64', 'darwin-x64', 'darwin-arm64'];

/** Files of the peers. @typedef {{ toolbox: string, dbhub: string, serverPostgres: string, node: string }} Peers */

/** A note beside the table. DBHub needs a newer Node than Steward does. */
export const PEER_VERSIONS = `Toolbox ${VERSIONS[TOOLBOX]}, DBHub ${VERSIONS[DBHUB]} on Node ${NODE_VERSION}, server-postgres ${VERSIONS[SERVER_POSTGRES]}`;

/** @returns {Promise<Peers>} @throws PackagesUnavailableError where they can neither be found nor installed */
export async function installPeers() {
  if (!PLATFORMS.includes(PLATFORM))
    throw new PackagesUnavailableError(`The peers are not published for ${PLATFORM}.`);
  const modules = await cachedPackages('steward-bench', VERSIONS);
  return {
    toolbox: path.join(modules, TOOLBOX, 'bin', 'toolbox'),
    dbhub: path.join(modules, DBHUB, 'dist', 'index.js'),
    serverPostgres: path.join(modules, SERVER_POSTGRES, 'dist', 'index.js'),
    node: await pinnedNode(),
  };
}

/**
 * A tool of Toolbox. Without a statement, it takes SQL. `parameters`: types by name.
 * @typedef {{ name: string, statement?: string, parameters?: Record<string, string> }} ToolboxTool
 */

/** The configuration file of Toolbox: one source and its tools. @param {string} databaseUrl @param {ToolboxTool[]} tools */
export function toolboxConfig(databaseUrl, tools) {
  const url = new URL(databaseUrl);
  const source = {
    kind: 'source',
    name: 'postgres',
    type: 'postgres',
    host: url.hostname,
    port: Number(url.port || 5432),
    database: url.pathname.slice(1),
    user: decodeURIComponent(url.username),
    // It takes no empty one; a server that asks for none ignores it.
    password: decodeURIComponent(url.password) || 'none',
    queryParams: { sslmode: url.searchParams.get('sslmode') ?? 'disable' },
  };
  const describe = (/** @type {ToolboxTool} */ { name, statement, parameters = {} }) => ({
    kind: 'tool',
    type: statement === undefined ? 'postgres-execute-sql' : 'postgres-sql',
    source: source.name,
    name,
    description: name,
    ...(statement !== undefined && {
      parameters: Object.entries(parameters).map(([of, type]) => ({ name: of, type, description: of })),
      statement,
    }),
  });
  // JSON is YAML.
  return [source, ...tools.map(describe)].map((document) => JSON.stringify(document)).join('\n---\n');
}
