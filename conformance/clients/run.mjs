import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openEmbedded } from '../../build/database/embedded/index.js';
import { cachedPackages, pinnedNode } from '../../scripts/cached-packages.mjs';
import { markdownTable } from '../../scripts/markdown.mjs';
import { bareEnvironment, MAIN, ROOT } from '../../tests/support/command.mjs';
import { freePort } from '../../tests/support/free-port.mjs';
import { INSPECTOR_VERSION, installInspector } from '../inspector/install.mjs';
import { startSteward } from '../steward-http.mjs';
import { startAuthorizationServer, USER } from './authorization-server.mjs';
import { makeCertificate, openHttpsFront } from './https-front.mjs';

/** @typedef {import('../report.mjs').Row} Row */
/** @typedef {import('./tour.mjs').Place} Place */

const PACKAGES = {
  '@modelcontextprotocol/client': '2.4.0',
  '@ai-sdk/mcp': '2.0.99',
  '@langchain/mcp-adapters': '1.1.4',
  'mcp-remote': '0.15.1',
  mcporter: '0.12.3',
};
const SDK = '@modelcontextprotocol/sdk';
const INSPECTOR = '@modelcontextprotocol/inspector';

/** The places, and how docs/compatibility.md names them; with a log-in, how PUBLIC_URL is written after the host. */
const PLACES = {
  stdio: 'stdio',
  http: 'HTTP',
  '/mcp': 'log-in, `https://host/mcp`',
  '': 'log-in, `https://host`',
  '/': 'log-in, `https://host/`',
};
/** @typedef {keyof typeof PLACES} Where */

/** @type {Where[]} */
const EVERYWHERE = ['stdio', 'http', '/mcp', '', '/'];
/** A program's every question is a process of its own: over HTTP only with a log-in. @type {Where[]} */
const OF_PROGRAMS = ['stdio', '/mcp'];
/** @type {{ name: string, of: string, where: Where[] }[]} */
const CLIENTS = [
  { name: 'SDK 1', of: SDK, where: EVERYWHERE },
  { name: 'SDK 2', of: '@modelcontextprotocol/client', where: EVERYWHERE },
  { name: 'SDK 2, auto', of: '@modelcontextprotocol/client', where: ['stdio', 'http', '/mcp'] },
  { name: 'SDK 2, pin', of: '@modelcontextprotocol/client', where: ['stdio', 'http', '/mcp'] },
  { name: 'AI SDK', of: '@ai-sdk/mcp', where: EVERYWHERE },
  { name: 'LangChain', of: '@langchain/mcp-adapters', where: ['stdio', 'http', '/mcp'] },
  { name: 'mcp-remote', of: 'mcp-remote', where: ['http', '/mcp', '', '/'] },
  { name: 'mcp-remote, auto', of: 'mcp-remote', where: ['http', '/mcp'] },
  { name: 'mcporter', of: 'mcporter', where: OF_PROGRAMS },
  { name: 'inspector', of: INSPECTOR, where: OF_PROGRAMS },
];
/** @type {Where[]} */
const SPELLINGS = ['/mcp', '', '/'];
const LONGEST_TOUR_MS = 120_000;
const TOUR = fileURLToPath(new URL('tour.mjs', import.meta.url));

/**
 * A tour with every client: over stdio, over HTTP, and over HTTPS with a log-in.
 * @param {string} dir for what is to be thrown away
 * @returns {Promise<{ rows: Row[], table: string, faults: string[] }>}
 * @throws PackagesUnavailableError where a client cannot be had
 */
export async function runClients(dir) {
  const modules = await cachedPackages('steward-clients', PACKAGES);
  const { script: inspector } = await installInspector();
  const node = await pinnedNode();
  const folder = path.join(dir, 'clients');
  await mkdir(folder);
  const files = await makeCertificate(folder);
  const { env, close } = await prepareBoth(folder);
  /** @type {Awaited<ReturnType<typeof startSteward>>[]} */
  const stewards = [];
  const issuer = await startAuthorizationServer();
  const fronts = [];
  /** @type {Row[]} */
  const rows = [];

  /** @param {string} client @param {Where} where @param {Omit<Place, 'home'>} place @param {string} caller */
  async function send(client, where, place, caller) {
    const id = `tour_${rows.length}`;
    const home = path.join(folder, `home-${rows.length}`);
    await mkdir(home);
    const flags = ['--experimental-import-meta-resolve', '--disable-warning=ExperimentalWarning'];
    const child = spawn(node, [...flags, TOUR], {
      env: bareEnvironment({ TOUR_MODULES: modules, NODE_EXTRA_CA_CERTS: files.certificate, HOME: home }),
      stdio: 'pipe',
      timeout: LONGEST_TOUR_MS,
    });
    child.stdin.end(JSON.stringify({ client, place: { ...place, home }, caller, inspector, id }));
    const said = text(child.stderr);
    const [wrong] = await Promise.all([
      json(child.stdout).catch(async () => [`It ended without a word, or took too long. ${await said}`]),
      once(child, 'close'),
    ]);
    const note = /** @type {string[]} */ (wrong).join(' ');
    rows.push({ name: rowName(client, where), result: note === '' ? 'passed' : 'FAILED', note });
  }

  try {
    const open = await startSteward([MAIN, 'http'], env);
    stewards.push(open);
    for (const { name } of clientsAt('http')) await send(name, 'http', { url: open.url }, 'conformance');
    const stdio = { command: [process.execPath, MAIN], env: { ...env, STEWARD_CALLER: 'stdio' } };
    for (const { name } of clientsAt('stdio')) await send(name, 'stdio', stdio, 'stdio');
    for (const spelling of SPELLINGS) {
      const front = await openHttpsFront(files);
      fronts.push(front);
      const steward = await startSteward([MAIN, 'http'], {
        ...env,
        AUTH_MODE: 'jwt',
        AUTH_ISSUER: issuer.url,
        AUTH_JWKS_URL: issuer.keysUrl,
        PUBLIC_URL: front.origin + spelling,
      });
      stewards.push(steward);
      front.target = steward.url;
      for (const { name } of clientsAt(spelling)) {
        const login = { callback: `http://127.0.0.1:${await freePort()}/oauth/callback` };
        await send(name, spelling, { url: `${front.origin}/mcp`, login }, USER);
      }
    }
    return { rows, table: await table(rows), faults: stewards.flatMap(({ faults }) => faults()) };
  } finally {
    for (const front of fronts) front.close();
    issuer.close();
    await Promise.all(stewards.map(({ stop }) => stop()));
    await close();
  }
}

/**
 * The staff directory and the shop of the examples, each in an embedded database.
 * @param {string} folder
 * @returns the environment that serves both
 */
async function prepareBoth(folder) {
  const shop = path.join(ROOT, 'examples', 'shop');
  const database = await openEmbedded({ dataDir: path.join(folder, 'shop'), lingerMs: 0, onProgress() {} });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(await readFile(path.join(shop, 'seed.sql'), 'utf8'));
  await client.end();
  const configuration = JSON.parse(await readFile(path.join(shop, 'steward.config.json'), 'utf8'));
  delete configuration.$schema;
  configuration.directory = true;
  configuration.databases.shop.schema = path.join(shop, 'schema.prisma');
  const file = path.join(folder, 'steward.config.json');
  await writeFile(file, JSON.stringify(configuration));
  const env = bareEnvironment({
    STEWARD_DATA_DIR: path.join(folder, 'directory'),
    STEWARD_EMBEDDED_LINGER_MS: '0',
    STEWARD_CONFIG: file,
    SHOP_URL: database.url,
  });
  return { env, close: () => database.close() };
}

/** @param {Where} where */
const clientsAt = (where) => CLIENTS.filter((client) => client.where.includes(where));

/** @param {string} client @param {Where} where */
const rowName = (client, where) => `${client}, ${PLACES[where]}`;

/** As docs/compatibility.md has it. @param {Row[]} rows */
async function table(rows) {
  const { dependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
  /** @type {Record<string, string>} */
  const versions = { ...PACKAGES, [SDK]: dependencies[SDK], [INSPECTOR]: INSPECTOR_VERSION };
  const cells = CLIENTS.map(({ name, of, where }) => [
    name,
    `\`${of}\` ${versions[of]}`,
    ...EVERYWHERE.map((place) => {
      const row = rows.find((candidate) => candidate.name === rowName(name, place));
      return where.includes(place) ? (row?.result ?? '') : '';
    }),
  ]);
  return markdownTable(['client', 'package', ...EVERYWHERE.map((place) => PLACES[place])], cells);
}
