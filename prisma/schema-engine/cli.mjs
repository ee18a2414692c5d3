#!/usr/bin/env node
/**
 * Stands in for the native schema engine of Prisma's CLI (PRISMA_SCHEMA_ENGINE_BINARY): the same arguments, newline-
 * delimited JSON-RPC on stdin and stdout, log lines as JSON on stderr. See `engine.mjs` for the engine itself.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openSchemaEngine } from './engine.mjs';
import { asSchemaEngineError, SchemaEngineError } from './errors.mjs';
import { createDatabase, openSession } from './session.mjs';
import { lastPanic, loadSchemaEngine } from './wasm.mjs';

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
/** @type {string | undefined} */
const url = options.datasource && JSON.parse(options.datasource).url;

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
const COMMANDS = { 'can-connect-to-database': openSession, 'create-database': createDatabase };

/** The answer to a sub-command is the exit code, its reason a log line. @param {string} name */
async function runCommand(name) {
  // The CLI drops the first line of stderr, where the native engine announces itself.
  log('INFO', { message: `Starting schema engine CLI: ${name}` });
  try {
    const command = COMMANDS[name];
    if (!command) throw new SchemaEngineError(`Unknown command \`${name}\``);
    await command(url ?? '');
  } catch (error) {
    const { message, code } = asSchemaEngineError(error);
    log('ERROR', { is_panic: false, error_code: code, message });
    process.exitCode = 1;
  }
  process.exit();
}

/** Answers requests, in their order, until stdin ends. */
async function serve() {
  // The CLI sends SIGTERM as soon as it has closed stdin; Ctrl-C reaches us as well as it.
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit());
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const request = JSON.parse(line);
    // A message without a method is the CLI's receipt for printed output.
    if (request.method) await answer(request);
  }
  process.exit();
}

/** @type {ReturnType<typeof openSchemaEngine> | undefined} */
let opening;

/** The engine connects when it is opened, so that is left until the first request, which then hears of a failure. */
async function openEngine() {
  /** @type {[string, string][]} */
  const schemaFiles = [];
  for (const file of options.datamodels) schemaFiles.push([file, await readFile(path.resolve(file), 'utf8')]);
  return openSchemaEngine(url, schemaFiles, ({ level, fields, target }) => log(level, fields, target));
}

/** @param {{ id: number, method: string, params?: any }} request */
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
  // A difference may be that of two schema files.
  if (!url && method !== 'diff')
    throw new SchemaEngineError('No database URL: see `datasource` in prisma.config.ts.');
  opening ??= openEngine();
  const result = await (await opening)(method, params);
  if (method !== 'diff') return result;
  // The native engine has the CLI print a difference, which the CLI relies on for `--output`.
  const { stdout, ...rest } = /** @type {{ stdout: string | null }} */ (result);
  if (stdout !== null) send({ id: 0, method: 'print', params: { content: stdout } });
  return { ...rest, stdout: null };
}

/** @param {object} message */
function send(message) {
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
}

if (options.version) process.stdout.write(`schema-engine-wasm ${(await loadSchemaEngine()).version()}\n`);
else if (positionals[0] === 'cli') await runCommand(positionals[1] ?? '');
else await serve();
