// A client over stdio that starts a server and calls it without a pause, until it is killed. Its parent is told the
// server's process id, and then that calls are under way.
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { MAIN } from '../../../tests/support/command.mjs';

const deaf = process.argv[2] === 'deaf';
const server = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'ignore'] });
const send = (/** @type {object} */ message) =>
  server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
process.send?.({ pid: server.pid });
const clientInfo = { name: 'dying', version: '1' };
send({
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
});
server.stdout.once('data', () => {
  send({ method: 'notifications/initialized' });
  process.send?.('calls are under way');
  if (deaf) server.stdout.pause();
  else server.stdout.resume();
});
for (let id = 1; ; id += 1) {
  const params = { name: 'list_recent_users', arguments: { limit: 100 } };
  send({ id, method: 'tools/call', params });
  await setTimeout(5);
}
