// A client over stdio that starts a server and calls it without a pause, until it is killed. It sends the process id of
// the server to its parent once calls are under way.
import { setTimeout } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { MAIN } from '../../support/command.mjs';

const env = /** @type {Record<string, string>} */ (process.env);
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [MAIN],
  env,
  stderr: 'ignore',
});
const client = new Client({ name: 'dying', version: '1' });
await client.connect(transport);
const call = () => client.callTool({ name: 'list_recent_users', arguments: { limit: 100 } });
await call();
process.send?.(transport.pid);
for (;;) {
  void call();
  await setTimeout(5);
}
