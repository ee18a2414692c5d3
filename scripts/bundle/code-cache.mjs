import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { codeCacheOf, loadProgram } from '../../build/load-program.js';

const RECORDER = fileURLToPath(new URL('record.mjs', import.meta.url));

/**
 * Keeps the code that V8 made of a program when it had served a client: the functions that a start needs, and no others.
 * @param {string} file
 */
export async function recordCodeCache(file) {
  const child = spawn(process.execPath, [RECORDER], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // A build needs no database: the call is answered without one.
    env: { NODE_ENV: 'production', DATABASE_URL: 'postgresql://127.0.0.1:1/nowhere' },
  });
  const ended = once(child, 'exit');
  const info = { name: 'build', version: '1' };
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: info };
  send(child, 'initialize', { id: 1, params: initialize });
  send(child, 'notifications/initialized');
  send(child, 'tools/list', { id: 2 });
  send(child, 'tools/call', { id: 3, params: { name: 'list_recent_users', arguments: {} } });
  child.stdin.end();
  child.stdout.resume();
  const [code] = await ended;
  if (code !== 0) throw new Error(`Serving a client, the program ended with ${code}.`);
  const { script } = loadProgram(file);
  if (script.cachedDataRejected !== false)
    throw new Error(`${codeCacheOf(file)} was made just now, and V8 does not take it.`);
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} child
 * @param {string} method @param {object} [rest]
 */
function send(child, method, rest) {
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method, ...rest })}\n`);
}
