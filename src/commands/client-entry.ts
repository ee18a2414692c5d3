import path from 'node:path';
import { PROJECT_ROOT } from '../project-root.js';
import { isByNpx } from './command-name.js';

/** What to put into an MCP client, with absolute paths: clients start servers in folders of their own. */
export function describeClientEntry(configuration: string): string {
  const { command, args } = findProgram();
  const entry = { mcpServers: { steward: { command, args, env: { STEWARD_CONFIG: configuration } } } };
  const words = [`STEWARD_CONFIG=${configuration}`, '--', command, ...args].map(quote).join(' ');
  return [
    'Claude Code:',
    `  claude mcp add steward -e ${words}`,
    'Claude Desktop, Cursor and others, in the file of their MCP servers:',
    JSON.stringify(entry, null, 2).replace(/^/gm, '  '),
  ].join('\n');
}

/** A program in the cache of npx is named by its package. */
function findProgram(): { command: string; args: string[] } {
  if (isByNpx) return { command: 'npx', args: ['-y', 'steward-mcp'] };
  return { command: process.execPath, args: [path.join(PROJECT_ROOT, 'dist', 'main.js')] };
}

/** For a shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
