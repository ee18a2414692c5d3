#!/usr/bin/env node
// Many clients, two processes of Steward, and a bad day: one process is killed, PostgreSQL is stopped the hard way. Afterwards, what
// was answered is held against what the audit log says.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { migrateAndSeed } from '../../tests/support/migrate.mjs';
import { PostgresServer } from '../../tests/support/postgres-server.mjs';
import { REDIS_IS_HERE, RedisServer } from '../../tests/support/redis-server.mjs';
import { runClient } from './client.mjs';
import { Journal } from './journal.mjs';
import { memoryOf } from './memory.mjs';
import { MORE_DEPARTMENTS, People } from './people.mjs';
import { printReport } from './report.mjs';
import { RoundRobin } from './round-robin.mjs';
import { StewardProcess } from './steward-process.mjs';
import { judge } from './verdict.mjs';

const HELP = `Usage: npm run load -- [--clients 64] [--seconds 60]

Starts a PostgreSQL (fsync on), a Redis where it is installed and two "steward http" processes, all of its own and on
loopback addresses, and has the clients read and write through both processes in turn. After a quarter of the time one
process is killed (SIGKILL), and started again a little later; after half of it PostgreSQL is stopped without a farewell,
and started again two seconds later. Then every answer is held against the audit log.

Exit code 1: something was wrong, lost, doubled or slow to come back; the summary says what.`;

/** Of the whole time. */
const EARLY = 0.15;
const KILL_AT = 0.25;
const REVIVE_AT = 0.35;
const STOP_AT = 0.5;
const LATE = 0.9;
const OUTAGE_MS = 2000;
const ACTOR = 'load';

const { values: flags } = parseArgs({
  options: {
    clients: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});
const clients = Number(flags.clients);
const seconds = Number(flags.seconds);
const usable = Number.isInteger(clients) && clients > 0 && clients <= 1000 && seconds >= 10;
if (flags.help || !usable) {
  console.error(flags.help ? HELP : `--clients must be 1 to 1000, --seconds at least 10.\n\n${HELP}`);
  process.exit(flags.help ? 0 : 2);
}

const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-load-logs-'));
const postgres = await PostgresServer.create({ fsync: 'on' });
const redis = REDIS_IS_HERE ? await RedisServer.create() : undefined;
/** @type {StewardProcess[]} */
const stewards = [];
try {
  const verdict = await run();
  printReport(verdict);
  process.exitCode = verdict.promises.every(({ problems }) => problems.length === 0) ? 0 : 1;
} finally {
  await Promise.all(stewards.map((steward) => steward.end('SIGKILL')));
  await redis?.stop();
  await postgres.destroy();
  await rm(dir, { recursive: true, force: true });
}

async function run() {
  await migrateAndSeed(postgres.url());
  await postgres.query(
    `INSERT INTO departments (name) VALUES ${MORE_DEPARTMENTS.map((name) => `('${name}')`).join(', ')}`,
  );
  const settings = {
    DATABASE_URL: postgres.url(),
    HTTP_HOST: '127.0.0.1',
    STEWARD_CALLER: ACTOR,
    // Each client has an address of its own, as behind a balancer; how often it calls is what is being tried.
    TRUSTED_PROXIES: 'loopback',
    RATE_LIMIT_PER_MINUTE: '1000000',
    ...(redis && { REDIS_URL: redis.url }),
  };
  for (const name of ['process 1', 'process 2'])
    stewards.push(await StewardProcess.start(name, settings, dir));
  const [survivor, victim] = /** @type {[StewardProcess, StewardProcess]} */ (stewards);

  const people = await People.of(postgres);
  const journal = new Journal();
  const balancer = new RoundRobin(stewards);
  const stop = new AbortController();
  const started = performance.now();
  const load = { balancer, people, journal, signal: stop.signal };
  const running = Promise.all(Array.from({ length: clients }, (_, number) => runClient(number, load)));
  // A client that breaks ends the whole at once.
  const course = runCourse(survivor, victim, started);
  await Promise.race([course, running]);
  const { events, early, late } = await course;
  stop.abort();
  await running;
  const ended = performance.now();
  balancer.close();
  return judge({
    journal,
    people,
    postgres,
    stewards,
    events,
    early,
    late,
    clients,
    actor: ACTOR,
    redis: redis !== undefined,
    started,
    ended,
  });
}

/**
 * What happens while the clients are at work.
 * @param {StewardProcess} survivor @param {StewardProcess} victim @param {number} started
 */
async function runCourse(survivor, victim, started) {
  const until = (/** @type {number} */ share) =>
    setTimeout(started + share * seconds * 1000 - performance.now());
  await until(EARLY);
  const early = await memoryOf(survivor);
  await until(KILL_AT);
  const killed = performance.now();
  await victim.end('SIGKILL');
  await until(REVIVE_AT);
  await victim.start();
  const back = performance.now();
  await until(STOP_AT);
  const stopped = performance.now();
  await postgres.stop();
  await setTimeout(OUTAGE_MS);
  await postgres.start();
  const events = { victim: victim.name, killed, back, stopped, answered: performance.now() };
  await until(LATE);
  const late = await memoryOf(survivor);
  await until(1);
  return { events, early, late };
}
