#!/usr/bin/env node
// Builds the container images and runs them as compose.yaml does: without capabilities, on a root that cannot be written to,
// against a new database on the server at TEST_DATABASE_URL.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { parse } from 'yaml';
import { ROOT } from '../support/command.mjs';
import { freePort } from '../support/free-port.mjs';
import { administer } from '../support/server.mjs';
import { serverUrl } from '../support/template.mjs';
import { EngineUnavailableError, openEngine, runCommand } from './engine.mjs';

const NAME = `steward-image-${process.pid}`;
const MIGRATE = `${NAME}-migrate`;
const BUILD_SECONDS = 900;
const START_MS = 30_000;
/** As in compose.yaml, but for the network. */
const GRACE_SECONDS = 30;
const CONFINEMENT =
  '--network host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges'.split(' ');

const interruption = new AbortController();
const { signal } = interruption;
// A second signal, as npm sends one of its own, must not end the cleaning up.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => interruption.abort(new Error(name)));

/** @param {string} file */
const read = (file) => readFile(path.join(ROOT, file), 'utf8');
const [dockerfile, manifest, compose] = await Promise.all(
  ['Dockerfile', 'package.json', 'compose.yaml'].map(read),
);
const base = /^FROM (\S+)/m.exec(dockerfile ?? '')?.[1] ?? '';
const { version, engines } = JSON.parse(manifest ?? '');
const { migrate } = parse(compose ?? '', { merge: true }).services;

/** @type {import('./engine.mjs').Engine} */
let engine;
try {
  engine = await openEngine(base, signal);
} catch (error) {
  if (!(error instanceof EngineUnavailableError)) throw error;
  console.log(`SKIPPED: ${error.message}`);
  process.exit(0);
}
console.log(engine.description);

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const env = {
  DATABASE_URL: serverUrl(NAME),
  AUTH_MODE: 'token',
  HTTP_HOST: '127.0.0.1',
  HTTP_PORT: String(port),
};

let failed = 0;

/**
 * Prints one line; an interruption ends the run.
 * @param {string} name
 * @param {() => Promise<string | void>} work what it returns is printed behind the name
 * @returns {Promise<boolean>}
 */
async function check(name, work) {
  const start = performance.now();
  const line = (/** @type {string} */ verdict) =>
    `${verdict} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`;
  try {
    const note = await work();
    console.log(line('ok    ') + (note ? `: ${note}` : ''));
    return true;
  } catch (error) {
    signal.throwIfAborted();
    console.log(`${line('FAILED')}\n${String(error instanceof Error ? error.message : error)}`);
    failed++;
    return false;
  }
}

/** @param {string[]} args */
const runEngine = (args, seconds = 120) => runCommand([...engine.command, ...args], { seconds, signal });

/** @param {string[]} args @param {number} [seconds] */
async function expectSuccess(args, seconds) {
  const { code, stdout, stderr } = await runEngine(args, seconds);
  assert.equal(code, 0, `Exit code ${code}\n${(stdout + stderr).slice(-3000)}`);
  return stdout.trim();
}

/**
 * The engine's arguments for a command in an image.
 * @param {string} name of the container
 * @param {string[]} argv
 */
function inImage(name, [entrypoint = '', ...args], image = NAME) {
  const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  const volume = ['--volume', `${NAME}:/app/tokens`];
  const options = [...CONFINEMENT, ...engine.runOptions, ...volume, ...variables];
  return ['run', '--rm', '--name', name, ...options, '--entrypoint', entrypoint, image, ...args];
}

/** @param {string[]} argv */
const runInImage = (...argv) => expectSuccess(inImage(NAME, argv));

/** @param {string} route */
const status = async (route) => (await fetch(url + route).catch(() => undefined))?.status;

async function checkImage() {
  const [image] = JSON.parse(await expectSuccess(['image', 'inspect', NAME]));
  const { Entrypoint: entrypoint, Cmd: command } = image.Config;
  // Podman has it beside the configuration.
  const [, ...healthcheck] = (image.Config.Healthcheck ?? image.Healthcheck).Test;
  /** @param {string[]} args */
  const steward = (...args) => runInImage(...entrypoint, ...args);

  await check('--version, its Node, and a user who is not root', async () => {
    assert.equal(await steward('--version'), version);
    const node = await runInImage('node', '--version');
    const order = node.slice(1).localeCompare(engines.node.replace('>=', ''), undefined, { numeric: true });
    assert.ok(order >= 0, `${node} is not ${engines.node}`);
    assert.equal(await runInImage('id', '-u'), '1000');
    return node;
  });
  await check('/app holds what Steward runs, and neither sources nor settings of a developer', async () => {
    const files = (await runInImage('ls', '-A', '/app')).split('\n').toSorted();
    const expected = '.env.production LICENSE README.md dist package.json prisma steward.schema.json tokens';
    assert.deepEqual(files, expected.split(' '));
  });
  await check('the migration of compose.yaml', async () => {
    const argv = [...migrate.entrypoint, ...migrate.command];
    assert.match(
      await expectSuccess(inImage(NAME, argv, MIGRATE)),
      /All migrations have been successfully applied/,
    );
  });
  await check('doctor', async () => void (await steward('doctor')));
  let token = '';
  await check('token create', async () => {
    token = await steward('token', 'create', '--name', 'image', '--scopes', 'directory:read');
  });

  const server = runEngine(inImage(`${NAME}-http`, [...entrypoint, ...command]), 300);
  server.catch(() => {});
  const started = await check('http: /health and /ready', async () => {
    const giveUp = Date.now() + START_MS;
    while ((await status('/ready')) !== 200) {
      assert.ok(Date.now() < giveUp, `/ready did not answer 200 within ${START_MS} ms.`);
      await Promise.race([setTimeout(100), server.then(({ stderr }) => assert.fail(stderr.slice(-3000)))]);
    }
    assert.equal(await status('/health'), 200);
  });
  if (started) {
    await check('a tool call with the token, and none without', async () => {
      const headers = { authorization: `Bearer ${token}` };
      const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
        requestInit: { headers },
      });
      const client = new Client({ name: NAME, version });
      await client.connect(transport);
      const result = await client.callTool({ name: 'list_departments', arguments: {} });
      await client.close();
      assert.ok(!result.isError && result.structuredContent, JSON.stringify(result));
      const stranger = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
      assert.equal((await fetch(`${url}/mcp`, stranger)).status, 401);
    });
    await check('its health check, in the container', async () => {
      await expectSuccess(['exec', `${NAME}-http`, ...healthcheck]);
    });
    await check('it ends with code 0 when it is stopped', async () => {
      await expectSuccess(['stop', '-t', String(GRACE_SECONDS), `${NAME}-http`], GRACE_SECONDS + 30);
      const { code, stderr } = await server;
      assert.equal(code, 0, stderr.slice(-3000));
    });
  }
  await check('its health check fails where nothing serves', async () => {
    assert.equal((await runEngine(inImage(NAME, healthcheck))).code, 1);
  });
  await check('its size', async () => {
    const [mebibytes] = (await runInImage('du', '-sm', '/app')).split('\t');
    return `${Math.round(image.Size / 1e6)} MB, of which /app ${mebibytes} MiB`;
  });
}

let created = false;
try {
  const build = ['build', '--network', 'host', ...engine.buildOptions];
  const buildAll = async () => {
    await expectSuccess([...build, '--tag', NAME, ROOT], BUILD_SECONDS);
    await expectSuccess([...build, '--target', migrate.build.target, '--tag', MIGRATE, ROOT], BUILD_SECONDS);
  };
  created = await check('a new database at TEST_DATABASE_URL', () => administer(`CREATE DATABASE "${NAME}"`));
  if (created && (await check('the build', buildAll))) await checkImage();
} catch (error) {
  if (!signal.aborted) throw error;
  console.log(`Interrupted by ${signal.reason.message}.`);
  failed++;
} finally {
  for (const args of [
    ['rm', '--force', NAME, `${NAME}-http`],
    ['volume', 'rm', '--force', NAME],
    ['rmi', '--force', NAME, MIGRATE],
  ])
    await runCommand([...engine.command, ...args]);
  await engine.close();
  if (created) await administer(`DROP DATABASE "${NAME}" WITH (FORCE)`);
}
process.exitCode = failed === 0 ? 0 : 1;
