/**
 * The process that owns an embedded database: `node main.js <data folder> <linger ms>`.
 * Started by `openEmbedded`, detached from its starter; leaves by itself when nobody has been connected for a while.
 */
import type { ControlServer } from '../control/control-server.js';
import { layout } from '../folder/data-folder.js';
import type { Generation } from '../folder/ownership.js';
import { HostLog } from './host-log.js';
import { CRASHED, Host } from './host.js';
import { Presence } from './presence.js';
import { takeOwnership, type Ownership } from './take-ownership.js';

const LAST_LINES = 20;

const [dataDir = '', lingerMs] = process.argv.slice(2);
const log = new HostLog(layout(dataDir).log);
const presence = new Presence(Number(lingerMs));

process.umask(0o077);
process.on('uncaughtException', (error) => {
  log.write(`crashed: ${error.stack ?? error.message}`);
  process.exit(CRASHED);
});
await main();

async function main(): Promise<void> {
  const ownership = await takeOwnership(dataDir, (leases) => presence.count('leases', leases));
  if (!ownership) process.exit(0);
  await serve(ownership);
}

async function serve({ control, generation }: Ownership): Promise<void> {
  // What PostgreSQL said last explains a crash. It may hold data, so nothing of it is written before one.
  const lastLines: string[] = [];
  try {
    const host = await open(control, generation, lastLines);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => void host.stop(signal));
    await host.serve(presence);
    log.write('ready');
    presence.watch(() => void host.stop('nobody is connected any more'));
    control.onYield = () => {
      // The one is whoever asks.
      const alone = presence.connections === 1;
      if (alone) void host.stop('the only one who is connected asked for it');
      return alone;
    };
  } catch (error) {
    log.write(`cannot open the database: ${describe(error, lastLines)}`);
    const text = `The embedded database in ${dataDir} cannot be opened. The reason is in ${layout(dataDir).log}.`;
    control.announce({ kind: 'failed', text });
    await control.close();
    process.exit(1);
  }
}

async function open(control: ControlServer, generation: Generation, lastLines: string[]): Promise<Host> {
  // Loaded only now: most of the hosts that start together lose, and need none of it.
  const { openPGlite } = await import('./pglite.js');
  const pglite = await openPGlite(dataDir, {
    onCreate() {
      control.announce({ kind: 'opening', text: 'creating the embedded database; this takes some seconds' });
    },
    onCrash(error) {
      log.write(`PostgreSQL crashed: ${describe(error, lastLines)}`);
      process.exit(CRASHED);
    },
    onOutput(line) {
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
    },
  });
  return new Host(dataDir, generation, pglite, control, log);
}

function describe(error: unknown, lastLines: string[]): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [reason, ...lastLines].join('\n');
}
