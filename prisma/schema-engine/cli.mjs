#!/usr/bin/env node
/**
 * Stands in for the native schema engine of Prisma's CLI (PRISMA_SCHEMA_ENGINE_BINARY): the same arguments, newline-
 * delimited JSON-RPC on stdin and stdout, log lines as JSON on stderr. See `engine.mjs` for the engine itself.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { assertReachable, createDatabase } from './databases.mjs';
import { openSchemaEngine } from './engine.mjs';
import { asSchemaEngineError, SchemaEngineError } from './errors.mjs';
import { lastPanic, loadSchemaEngine } from './wasm.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {{ id: number, method: string, params?: any }} Request */
/** @typedef {{ url: string, shadowDatabaseUrl?: string }} Datasource */

/** The time to clean up after a signal, in milliseconds. */
const FAREWELL_MS = 2000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    version: { type: 'boolean', short: 'V' },
    datasource: { type: 'string' },
    datamodels: { type: 'string', multiple: true, default: [] },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});
/** @type {Datasource | undefined} */
const datasource = options.datasource && JSON.parse(options.datasource);

// Node's own warnings are plain text, and the CLI reads every line on stderr as JSON.
process.removeAllListeners('warning').on('warning', ({ message }) => log('WARN', { message }));

/**
 * The engine breaks down by an exception that no promise carries. To exit then would be reported as success: the CLI
 * does not notice an engine that left while it waits. So every request is answered with this instead.
 * @type {Promise<never>}
 */
const breakdown = new Promise((_, reject) => {
  process.on('uncaughtException', (error) => {
    const message = lastPanic() ?? error.message;
    log('ERROR', { message, backtrace: error.stack });
    reject(new SchemaEngineError(message, { cause: error }));
  });
});
breakdown.catch(() => {});

/** @param {string} level @param {{ message: string, [field: string]: unknown }} fields */
function log(level, fields, target = 'schema_engine::logger') {
  process.stderr.write(JSON.stringify({ timestamp: new Date().toISOString(), level, fields, target }) + '\n');
}

/** @type {Record<string, (url: string) => Promise<unknown>>} */
const COMMANDS = { 'can-connect-to-database': assertReachable, 'create-database': createDatabase };

/** The answer to a sub-command is the exit code, its reason a log line. @param {string} name */
async function runCommand(name) {
  // The CLI drops the first line of stderr, where the native engine announces itself.
  log('INFO', { message: `Starting schema engine CLI: ${name}` });
  try {
    const command = COMMANDS[name];
    if (!command) throw new SchemaEngineError(`Unknown command \`${name}\``);
    await command(configuredUrl());
  } catch (error) {
    const { message, code } = asSchemaEngineError(error);
    log('ERROR', { is_panic: false, error_code: code, message });
    process.exitCode = 1;
  }
}

function configuredUrl() {
  if (datasource?.url) return datasource.url;
  throw new SchemaEngineError('No database URL: see `datasource` in prisma.config.ts.');
}

/** Answers requests, in their order, until stdin ends. */
async function serve() {
  // The CLI sends SIGTERM as soon as it has closed stdin; Ctrl-C reaches us as well as it.
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.once(signal, () => void leave((engine) => engine.abandon()));
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const request = JSON.parse(line);
    // A message without a method is the CLI's receipt for printed output.
    if (request.method) await answer(request);
  }
  await leave((engine) => engine.close());
}

/** @param {(engine: Engine) => Promise<void>} tidyUp */
async function leave(tidyUp) {
  setTimeout(() => process.exit(1), FAREWELL_MS);
  await Promise.race([breakdown, opening?.then(tidyUp)]).catch(async () => (await opening)?.abandon());
  process.exit();
}

/** @type {Promise<Engine> | undefined} */
let opening;

/** The engine connects when it is opened, so that is left until the first request, which then hears of a failure. */
function openedEngine() {
  opening ??= openEngine().catch((error) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

async function openEngine() {
  return openSchemaEngine({
    url: datasource?.url,
    shadowDatabaseUrl: datasource?.shadowDatabaseUrl,
    schemaFiles: await Promise.all(options.datamodels.map(readSchema)),
    onLog: ({ level, fields, target }) => log(level, fields, target),
  });
}

/** @param {string} file @returns {Promise<[string, string]>} */
async function readSchema(file) {
  return [file, await readFile(path.resolve(file), 'utf8')];
}

/** @param {Request} request */
async function answer({ id, method, params }) {
  try {
    send({ id, result: (await Promise.race([breakdown, perform(method, params)])) ?? {} });
  } catch (error) {
    const { message, code } = asSchemaEngineError(error);
    const data = { is_panic: false, message, ...(code ? { error_code: code } : {}) };
    send({
      id,
      error: { code: 4466, message: 'An error happened. Check the data field for details.', data },
    });
  }
}

/** @param {string} method @param {any} params */
async function perform(method, params) {
  if (method === 'createDatabase') return createDatabase(params.datasource.url ?? configuredUrl());
  // A difference may be that of two schema files.
  if (method !== 'diff') configuredUrl();
  const engine = await openedEngine();
  if (method === 'getDatabaseVersion') return engine.call('version', params);
  const result = await engine.call(method, params);
  return method === 'diff' ? printed(/** @type {{ stdout: string | null }} */ (result)) : result;
}

/** The native engine has the CLI print a difference, which the CLI relies on for `--output`. @param {{ stdout: string | null }} result */
function printed(result) {
  if (result.stdout !== null) send({ id: 0, method: 'print', params: { content: result.stdout } });
  return { ...result, stdout: null };
}

/** @param {object} message */
function send(message) {
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
}

if (options.version) process.stdout.write(`schema-engine-wasm ${(await loadSchemaEngine()).version()}\n`);
else if (positionals[0] === 'cli') await runCommand(positionals[1] ?? '');
else await serve();
