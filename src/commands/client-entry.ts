import path from 'node:path';
import { PROJECT_ROOT } from '../project-root.js';
import { workingFolder } from '../settings/folders.js';
import { commandName, isByNpx } from './command-name.js';

export const SERVER_NAME = 'steward';

/** How a client starts Steward. Absolute paths: clients start servers in folders of their own. */
export interface ClientEntry {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** @param configuration undefined: it serves the staff directory, on the embedded database */
export function makeClientEntry(configuration: string | undefined): ClientEntry {
  return {
    ...findProgram(),
    ...(configuration === undefined ? {} : { env: { STEWARD_CONFIG: configuration } }),
  };
}

/** What to put into an MCP client. */
export function describeClientEntry(configuration: string): string {
  const { command, args, env } = makeClientEntry(configuration);
  const entry = { mcpServers: { [SERVER_NAME]: { command, args, env } } };
  const words = [`STEWARD_CONFIG=${configuration}`, '--', command, ...args].map(quote).join(' ');
  return [
    `${commandName(workingFolder())} setup adds it to the clients on this machine. By hand:`,
    'Claude Code:',
    `  claude mcp add ${SERVER_NAME} -e ${words}`,
    'Claude Desktop, Cursor and others, in the file of their MCP servers:',
    JSON.stringify(entry, null, 2).replace(/^/gm, '  '),
  ].join('\n');
}

/** A program in the cache of npx is named by its package. On Windows npx is a script, which some clients cannot start. */
function findProgram(): { command: string; args: string[] } {
  const byNpx = ['npx', '-y', 'steward-mcp'];
  if (isByNpx && process.platform === 'win32') return { command: 'cmd', args: ['/c', ...byNpx] };
  if (isByNpx) return { command: 'npx', args: byNpx.slice(1) };
  return { command: process.execPath, args: [path.join(PROJECT_ROOT, 'dist', 'main.js')] };
}

/** For a shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
