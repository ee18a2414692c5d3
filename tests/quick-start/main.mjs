#!/usr/bin/env node
// Does what docs/quick-start.md says, as somebody new would: in an empty folder, with an empty home, each command as it
// stands there, and compares what the page shows. Two things are this machine's: the PostgreSQL is that of
// TEST_DATABASE_URL, and the package that of `npm run package`. The inspector is that of `npm run conformance`, as if it
// were installed globally: it is large.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { INSPECTOR_VERSION, installInspector } from '../../conformance/inspector/install.mjs';
import { PackagesUnavailableError } from '../../scripts/cached-packages.mjs';
import { bareEnvironment, ROOT } from '../support/command.mjs';
import { administer } from '../support/server.mjs';
import { serverUrl } from '../support/template.mjs';
import { agree, readSteps } from './page.mjs';

const execute = promisify(execFile);
const DATABASE = `steward_quick_start_${process.pid}`;
/** Is printed between two steps. */
const SEPARATOR = '\u001e';

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => interruption.abort(new Error(name)));

const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-quick-start-'));
try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof PackagesUnavailableError)) throw error;
  console.log(`not shown: no npm registry. ${error.message}`);
  process.exitCode = 2;
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  await administer(`DROP DATABASE IF EXISTS "${DATABASE}" WITH (FORCE)`);
}

/** @returns {Promise<number>} the exit code */
async function run() {
  const steps = readSteps(await readFile(path.join(ROOT, 'docs', 'quick-start.md'), 'utf8'));
  const script = await replaceOwn(steps.map(({ commands }) => commands).join(`printf '\\036'\n`));
  const { signal } = interruption;
  const options = { cwd: await makeFolder('empty'), env: await prepare(), timeout: 300_000, signal };
  const start = performance.now();
  // The first command that fails is the last.
  const { code = 0, stdout } = await execute('sh', ['-ec', `exec 2>&1\n${script}`], options).catch(
    (error) => error,
  );
  signal.throwIfAborted();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  /** @type {string[]} */
  const printed = stdout.split(SEPARATOR);
  const wrong = steps.flatMap(({ commands, shown }, index) => {
    const seen = printed[index];
    if (seen === undefined) return [];
    const isLast = index === printed.length - 1;
    if (isLast && code !== 0) return [`${commands}\nended with exit code ${code}:\n\n${seen}`];
    if (shown === undefined || agree(shown, seen)) return [];
    return [`${commands}\nprinted something else than the page shows:\n\n${seen}`];
  });
  for (const complaint of wrong) console.log(`FAILED: ${complaint}`);
  const count = `${printed.length} of ${steps.length} steps`;
  console.log(`docs/quick-start.md: ${count} in ${seconds} s, ${wrong.length} FAILED`);
  return steps.length > 0 && wrong.length === 0 ? 0 : 1;
}

/** Puts what is the reader's own into the commands. @param {string} commands */
async function replaceOwn(commands) {
  const { stdout } = await execute(process.execPath, [path.join(ROOT, 'scripts', 'package.mjs')]);
  const tarball = path.join(ROOT, stdout.split(':')[0] ?? '');
  const server = serverUrl('').replace(/\/$/, '');
  if (!commands.includes(`@modelcontextprotocol/inspector@${INSPECTOR_VERSION} `))
    throw new Error(`docs/quick-start.md uses another inspector than ${INSPECTOR_VERSION}`);
  return [
    { before: /^SERVER=.*$/m, after: `SERVER='${server}'` },
    { before: /^DATABASE=.*$/m, after: `DATABASE=${DATABASE}` },
    { before: /^npm install steward-mcp$/m, after: `npm install '${tarball}'` },
  ].reduce((text, { before, after }) => {
    if (!before.test(text)) throw new Error(`docs/quick-start.md has no line like ${before.source}`);
    return text.replace(before, () => after);
  }, commands);
}

/** The environment of a new user, whose npm has the inspector. @throws PackagesUnavailableError */
async function prepare() {
  const { node, script } = await installInspector();
  const modules = script.slice(0, script.lastIndexOf(`${path.sep}@modelcontextprotocol${path.sep}`));
  const prefix = await makeFolder('npm');
  await makeFolder('npm', 'lib');
  await symlink(modules, path.join(prefix, 'lib', 'node_modules'));
  await symlink(path.join(modules, '.bin'), path.join(prefix, 'bin'));
  return bareEnvironment({
    HOME: await makeFolder('home'),
    PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH']}`,
    npm_config_prefix: prefix,
    // They say how this machine reaches a registry.
    npm_config_userconfig: await findNpmFile('userconfig'),
    npm_config_globalconfig: await findNpmFile('globalconfig'),
    NODE_ENV: undefined,
    STEWARD_SECRET: undefined,
  });
}

/** @param {'userconfig' | 'globalconfig'} name */
async function findNpmFile(name) {
  return (await execute('npm', ['config', 'get', name])).stdout.trim();
}

/** @param {string[]} names */
async function makeFolder(...names) {
  const made = path.join(folder, ...names);
  await mkdir(made);
  return made;
}
