// Preloaded into a Steward and its threads: what it meets where Claude Desktop loads it into a utility process of Electron's.
const { isMainThread } = require('node:worker_threads');

Object.defineProperty(process.versions, 'electron', { value: '42.5.1', enumerable: true });
// Electron's helper, which cannot run as Node.js.
process.execPath = '/nonexistent/Claude Helper (Plugin)';

if (isMainThread) {
  Object.defineProperty(process, 'type', { value: 'utility' });
  process.argv.push('--type=utility', '--utility-sub-type=node.mojom.NodeService');
  // The port to Claude Desktop keeps the process running, and its handlers come before Steward's.
  setInterval(() => {}, 60_000);
  process.on('SIGTERM', () => process.exit(0));
  process.on('unhandledRejection', () => process.exit(1));
}
