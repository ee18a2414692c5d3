import path from 'node:path';
import {
  cachedPackages,
  NODE_VERSION,
  PackagesUnavailableError,
  pinnedNode,
} from '../../../scripts/cached-packages.mjs';
import { PREPARED } from '../questions.mjs';

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

/** The configuration file of Toolbox: one source, and a tool for each kind of question. @param {string} databaseUrl */
export function toolboxConfig(databaseUrl) {
  const url = new URL(databaseUrl);
  const source = {
    kind: 'source',
    name: 'staff',
    type: 'postgres',
    host: url.hostname,
    port: Number(url.port || 5432),
    database: url.pathname.slice(1),
    user: decodeURIComponent(url.username),
    // It takes no empty one; a server that asks for none ignores it.
    password: decodeURIComponent(url.password) || 'none',
    queryParams: { sslmode: url.searchParams.get('sslmode') ?? 'disable' },
  };
  /** @param {string} name @param {string} statement @param {Record<string, string>} parameters types by name */
  const tool = (name, statement, parameters) => ({
    kind: 'tool',
    type: 'postgres-sql',
    source: source.name,
    name,
    description: name,
    parameters: Object.entries(parameters).map(([of, type]) => ({ name: of, type, description: of })),
    statement,
  });
  const documents = [
    source,
    tool('list_recent_users', PREPARED.newest, { limit: 'integer' }),
    tool('find_users', PREPARED.byCriteria, { department: 'string', role: 'string', limit: 'integer' }),
  ];
  // JSON is YAML.
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}
