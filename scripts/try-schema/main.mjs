#!/usr/bin/env node
// Tries Steward on a Prisma schema: makes its database, fills it with odd rows, serves every model, asks for pages, related
// rows, counts and groups of each, and holds every answer against plain SQL. Exits 1 if one differs.
//   npm run try-schema -- PATH [--seed 1] [--rows 120]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { readSchemaFiles } from '../../build/records/model/prisma/files.js';
import { readPrismaSchema } from '../../build/records/model/prisma/read-schema.js';
import { fill } from './fill.mjs';
import { makeDatabase } from './make-database.mjs';
import { see } from './oracle.mjs';
import { askAll } from './questions.mjs';
import { createRandom } from './random.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SERVER = process.env['TEST_DATABASE_URL'] ?? 'postgresql://postgres@127.0.0.1:5432/postgres';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, rows: { type: 'string', default: '120' } },
});
const [location] = positionals;
if (location === undefined) {
  console.error('Name a schema: npm run try-schema -- PATH [--seed 1] [--rows 120]');
  process.exit(2);
}

const files = readSchemaFiles(path.resolve(location));
const models = new Map(readPrismaSchema(files).models.map((model) => [model.name, model]));
const random = createRandom(Number(values.seed));
const database = await makeDatabase(SERVER, files);
const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-try-'));
/** @type {Client | undefined} */
let client;
try {
  await fill(database.client, random, Number(values.rows));
  const started = performance.now();
  const serving = await serve();
  client = serving.client;
  let calls = 0;
  /** @type {number[]} */
  const times = [];
  const call = async (/** @type {string} */ name, /** @type {object} */ args) => {
    const before = performance.now();
    const { isError, structuredContent, content } = await serving.client.callTool({
      name,
      arguments: { ...args },
    });
    times.push(performance.now() - before);
    calls++;
    if (isError) throw new Error(`${name} ${JSON.stringify(args)}: ${JSON.stringify(content)}`);
    return /** @type {any} */ (structuredContent);
  };
  const query = async (/** @type {string} */ text, /** @type {unknown[]} */ parameters = []) => {
    const types = { getTypeParser: () => (/** @type {string} */ value) => value };
    return (await database.client.query({ text, values: parameters, rowMode: 'array', types })).rows;
  };
  await call('describe_models', {});
  const toFirst = performance.now() - started;
  /** @type {string[]} */
  const problems = [];
  let hidden = 0;
  /** @type {Map<string, import('./oracle.mjs').Seen>} */
  const seen = new Map();
  for (const model of models.values()) {
    const { fields } = await call('describe_models', { model: model.name });
    // What is masked can be selected, and nothing else.
    const open = fields.rows.filter((/** @type {string[]} */ row) => !row.join(' ').includes('masked'));
    const visible = new Set(open.map((/** @type {string[]} */ [name]) => name));
    // All models are exposed, so all relations have to be seen. Some columns are hidden by their names.
    const lost = model.fields.find(({ kind, name }) => kind === 'relation' && !visible.has(name));
    if (lost) problems.push(`${model.name}: describe_models leaves out ${lost.name}`);
    hidden += model.fields.length - visible.size;
    seen.set(model.name, see(model, visible));
  }
  for (const model of seen.values()) {
    try {
      for await (const problem of askAll({ model, models: seen, call, query, random }))
        problems.push(`${model.name}: ${problem}`);
    } catch (error) {
      problems.push(`${model.name}: ${/** @type {Error} */ (error).message}`);
    }
  }
  problems.forEach((problem) => console.log(problem));
  const sorted = times.toSorted((a, b) => a - b);
  const status = await readFile(`/proc/${serving.pid}/status`, 'utf8').catch(() => '');
  const memory = Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024);
  console.log(
    `${location}: ${models.size} models, ${hidden} fields hidden, ${calls} calls, ${problems.length} problems; start to first answer ${Math.round(toFirst)} ms, ` +
      `a call ${sorted[sorted.length >> 1]?.toFixed(1)} ms (median), most memory ${memory} MB`,
  );
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await client?.close();
  await database.drop();
  await rm(folder, { recursive: true });
}

/** Serves all models to a client over stdio. */
async function serve() {
  const schema = path.resolve(/** @type {string} */ (location));
  const exposed = Object.fromEntries([...models.keys()].map((name) => [name, { expose: true }]));
  const config = path.join(folder, 'steward.config.json');
  await writeFile(
    config,
    JSON.stringify({ databases: { tried: { schema, url: database.url, models: exposed } } }),
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN],
    cwd: folder,
    env: {
      STEWARD_CONFIG: config,
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      RATE_LIMIT_PER_MINUTE: '1000000',
      HOME: folder,
    },
    stderr: 'inherit',
  });
  const serving = new Client({ name: 'try-schema', version: '1' });
  await serving.connect(transport);
  return { client: serving, pid: transport.pid };
}
