/**
 * The owner of an embedded database: a process, `node main.cjs <data folder> <linger ms>`, or a thread with `ThreadData`.
 * `openEmbedded` starts it. It ends when no client has been connected for a while.
 */
import { openSync, writeSync } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { layout } from '../folder/data-folder.js';
import { takeOwnership, type Ownership } from '../take-ownership.js';
import { CRASHED, serve } from './host.js';

export interface ThreadData {
  dataDir: string;
  lingerMs: number;
  /** Its name as the owner. */
  thread: string;
}

const LAST_LINES = 20;

const { dataDir, lingerMs, thread }: Omit<ThreadData, 'thread'> & { thread?: string } = isMainThread
  ? { dataDir: process.argv[2] ?? '', lingerMs: Number(process.argv[3]) }
  : (workerData as ThreadData);
const logFile = isMainThread ? process.stderr.fd : openSync(layout(dataDir).log, 'a', 0o600);
// PostgreSQL's last lines explain a crash. They may contain data, so they are logged only after a crash.
const lastLines: string[] = [];
let stop: ((reason: string) => Promise<void>) | undefined;

process.on('uncaughtException', (error) => crash('crashed', error));
// A thread cannot set it. The folder, which only its user can enter, is the wall; this is a second one.
if (isMainThread) process.umask(0o077);
// Until the database is open this ends the thread like a kill, which is as safe. So does a signal the process.
parentPort?.on('message', () => (stop ? void stop('its process ends') : process.exit(0)));
run().catch((error: unknown) => crash('crashed', error));

async function run(): Promise<void> {
  const ownership = await takeOwnership(dataDir, thread);
  if (!ownership) process.exit(0);
  await open(ownership);
}

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
    const close = await serve(dataDir, owned, pglite, lingerMs, log);
    stop = close;
    if (isMainThread)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void close(signal));
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

/** Writes to the folder's log, which is the stderr of a process. A full disk must not end a host that still serves reads. */
function log(text: string): void {
  try {
    writeSync(logFile, `${new Date().toISOString()} ${process.pid} ${text}\n`);
  } catch {
    // There is no other place for the message.
  }
}
