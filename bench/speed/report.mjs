import os from 'node:os';
import { PEER_VERSIONS } from './servers/peers.mjs';
import { fieldTable, targetsTable } from './table.mjs';

/**
 * The results and their setting, as Markdown.
 * @param {import('./rows.mjs').Row[]} rows
 * @param {import('./options.mjs').Options} options
 * @param {string} postgresVersion
 */
export function report(rows, { size, blocks, calls, callsAtOnce }, postgresVersion) {
  const cores = `${os.availableParallelism()} cores (${os.cpus()[0]?.model.trim() ?? 'unknown'})`;
  const machine = `${cores}, which client, servers and PostgreSQL ${postgresVersion} share; Node ${process.versions.node}.`;
  const users = `${size.users.toLocaleString('en')} users, unless the figure says otherwise.`;
  const extent = `Each ratio is the median of ${blocks} pairs of blocks, of ${calls} calls one at a time or ${callsAtOnce} calls 32 at once.`;
  const date = new Date().toISOString().slice(0, 10);
  return [
    `Made on ${date} on ${machine} ${PEER_VERSIONS}. ${users} ${extent}`,
    targetsTable(rows),
    fieldTable(rows),
  ]
    .filter(Boolean)
    .join('\n\n');
}
