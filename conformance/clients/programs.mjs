import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { MODULES } from './cached.mjs';
import { nameOf, openSdk, SDK_1, textOf, uriOf } from './libraries.mjs';
import { agree } from './log-in.mjs';

/** @typedef {import('./tour.mjs').Place} Place */
/** @typedef {import('./tour.mjs').Session} Session */

const LARGEST_OUTPUT_BYTES = 2 ** 24;
const ATTEMPTS = 80;

/**
 * mcp-remote is a server over stdio to the SDK's client, and a client of Steward over HTTP.
 * @param {string[]} options
 * @returns {(place: Place) => Promise<Session>}
 */
export const openMcpRemote =
  (options) =>
  ({ url = '', home }) => {
    const script = path.join(MODULES, 'mcp-remote', 'dist', 'proxy.js');
    const command = [process.execPath, script, url, ...options];
    /** @type {(() => string) | undefined} */
    let said;
    const stdio = (/** @type {any} */ server) => {
      const transport = new StdioClientTransport({ ...server, stderr: 'pipe' });
      said = followWhatIsSaid(transport.stderr);
      return transport;
    };
    return openSdk({ command, env: programEnvironment(home), home }, { ...SDK_1, stdio }).catch((error) => {
      throw new Error(`${error.message}: ${said?.()}`);
    });
  };

/** mcporter's command line. @param {Place} place @returns {Promise<Session>} */
export async function openMcporter(place) {
  const config = await writeServerEntry(place, { ...(place.login && { auth: 'oauth' }) });
  const script = path.join(MODULES, 'mcporter', 'dist', 'cli.js');
  const run = (/** @type {string[]} */ ...args) =>
    runProgram([script, '--config', config, ...args], programEnvironment(place.home));
  if (place.login) await logInWith(run('auth', 'steward', '--no-browser', '--json'));
  return {
    tools: async () => JSON.parse((await run('list', 'steward', '--json')).stdout).tools.map(nameOf),
    call: async (name, args) => {
      const options = ['--args', JSON.stringify(args), '--output', 'raw'];
      // It ends with an exit code where a tool answers an error.
      const { stdout } = await run('call', `steward.${name}`, ...options).catch((error) => error);
      return stdout;
    },
    resources: async () =>
      JSON.parse((await run('resource', 'steward', '--json')).stdout).resources.map(uriOf),
    read: async (uri) => (await run('resource', 'steward', uri, '--json')).stdout,
    close: async () => {},
  };
}

/** The inspector's command line, which asks first whether the server speaks a newer protocol. @param {string} script @returns {(place: Place) => Promise<Session>} */
export const openInspector = (script) => async (place) => {
  const config = await writeServerEntry(place, {});
  const start = (/** @type {string[]} */ ...args) => {
    const options = ['--config', config, '--server', 'steward', '--protocol-era', 'auto', '--quiet'];
    // Tokens would be in the desktop's key ring; and without a terminal it asks for no log-in, but when it is told to.
    const settings = { MCP_INSPECTOR_SECRET_STORE: 'file', MCP_AUTO_OPEN_ENABLED: 'true' };
    return runProgram([script, ...options, '--method', ...args], {
      ...programEnvironment(place.home),
      ...settings,
    });
  };
  const run = async (/** @type {string[]} */ ...args) =>
    JSON.parse((await start(...args, '--stored-auth-only')).stdout);
  if (place.login) await logInWith(start('tools/list', '--callback-url', place.login.callback));
  return {
    tools: async () => (await run('tools/list')).tools.map(nameOf),
    call: async (name, args) => {
      const method = ['tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args)];
      // What a tool answers as an error is one of the program's.
      return textOf((await run(...method).catch(({ stdout }) => JSON.parse(stdout))).content);
    },
    resources: async () => (await run('resources/list')).resources.map(uriOf),
    read: async (uri) => (await run('resources/read', '--uri', uri)).contents[0].text,
    close: async () => {},
  };
};

/** A file of the form that clients share. @param {Place} place @param {object} more */
async function writeServerEntry({ command, env, url, home }, more) {
  const entry = command
    ? { command: command[0], args: command.slice(1), env }
    : { type: 'http', url, ...more };
  const file = path.join(home, 'servers.json');
  await writeFile(file, JSON.stringify({ mcpServers: { steward: entry } }));
  return file;
}

/** Of the programs. Nothing may open a browser. @param {string} home */
function programEnvironment(home) {
  const { PATH = '', NODE_EXTRA_CA_CERTS = '' } = process.env;
  return { PATH, NODE_EXTRA_CA_CERTS, HOME: home, BROWSER: 'true', NO_COLOR: '1' };
}

/** @param {string[]} args @param {Record<string, string>} env @returns the process, and what came of it when it has ended */
function runProgram(args, env) {
  const running = promisify(execFile)(process.execPath, args, {
    env,
    timeout: 60_000,
    maxBuffer: LARGEST_OUTPUT_BYTES,
  });
  running.child.stdin?.end();
  return running;
}

/** @param {ReturnType<typeof runProgram>} running a program that logs in, and ends */
async function logInWith(running) {
  const said = followWhatIsSaid(running.child.stderr, running.child.stdout);
  await running.catch(() => {
    throw new Error(`It did not log in: ${said()}`);
  });
}

/**
 * Agrees at the first address of an authorization that a program names, and brings back what the browser is sent back with.
 * @param {(import('node:stream').Stream | null)[]} outputs @returns what was said
 */
function followWhatIsSaid(...outputs) {
  let said = '';
  let followed = false;
  for (const output of outputs)
    output?.on('data', (/** @type {Buffer} */ chunk) => {
      said += chunk.toString();
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/authorize\?[^\s"]+(?=[\s"])/.exec(said) ?? [];
      if (followed || address === undefined) return;
      followed = true;
      void agree(address)
        .then(comeBack)
        .catch((error) => (said += `\n${error}`));
    });
  return () => said;
}

/** The browser, with what it was sent back with. A program may listen a moment after it has named the address. @param {URL} back */
async function comeBack(back) {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await fetch(back);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await setTimeout(250);
    }
}
