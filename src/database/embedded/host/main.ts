/**
 * The process that owns an embedded database: `node main.js <data folder> <linger ms>`.
 * `openEmbedded` starts it, detached. It exits when no client has been connected for a while.
 */
import { writeSync } from 'node:fs';
import { layout } from '../folder/data-folder.js';
import { takeOwnership, type Ownership } from '../take-ownership.js';
import { CRASHED, serve } from './host.js';

const LAST_LINES = 20;

const [dataDir = '', lingerMs] = process.argv.slice(2);
// PostgreSQL's last lines explain a crash. They may contain data, so they are logged only after a crash.
const lastLines: string[] = [];

process.umask(0o077);
process.on('uncaughtException', (error) => crash('crashed', error));
const ownership = await takeOwnership(dataDir);
if (!ownership) process.exit(0);
await open(ownership);

async function open(owned: Ownership): Promise<void> {
  try {
    // Loaded late: of several hosts that start together, all but the owner exit without it.
    const { openPGlite } = await import('./pglite.js');
    const pglite = await openPGlite(dataDir, {
      onCreate: () => owned.server.announce('creating the embedded database'),
      onCrash: (error) => crash('PostgreSQL crashed', error),
      onOutput(line) {
        lastLines.push(line);
        if (lastLines.length > LAST_LINES) lastLines.shift();
      },
    });
    const stop = await serve(dataDir, owned, pglite, Number(lingerMs), log);
    // Until here a signal ends the process like a kill, which is as safe.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void stop(signal));
    log('ready');
  } catch (error) {
    log(`cannot open the database: ${describe(error)}`);
    await owned.server.refuse(
      `The embedded database in ${dataDir} cannot be opened. The reason is in ${layout(dataDir).log}.`,
    );
    process.exit(1);
  }
}

function crash(event: string, error: unknown): never {
  log(`${event}: ${describe(error)}`);
  process.exit(CRASHED);
}

function describe(error: unknown): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [reason, ...lastLines].join('\n');
}

/** Writes to stderr, which is the folder's log. A full disk must not end a host that still serves reads. */
function log(text: string): void {
  try {
    writeSync(process.stderr.fd, `${new Date().toISOString()} ${process.pid} ${text}\n`);
  } catch {
    // There is no other place for the message.
  }
}
