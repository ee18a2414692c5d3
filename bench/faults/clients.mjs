import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { bareEnvironment } from '../../tests/support/command.mjs';
import { memoryOf } from '../load/memory.mjs';
import * as attacks from './clients/attacks.mjs';
import { inFlight, socketsOf } from './clients/vitals.mjs';
import { ACTOR } from './lab/lab.mjs';
import { callsOf, spread } from './lab/figures.mjs';
import { brokenInvariants, leftSessions, uncleanEnds } from './lab/invariants.mjs';
import { DEADLINE_MS, GRACE_MS, LIMITS } from './lab/limits.mjs';
import { underLoad } from './lab/load.mjs';

/** @typedef {import('../load/steward-process.mjs').StewardProcess} StewardProcess */
/** @typedef {import('./lab/site.mjs').Site} Site */
/** @typedef {(at: import('./clients/attacks.mjs').Target) => Promise<import('./clients/attacks.mjs').End>} Attack */

export const name = 'clients';
export const title = 'clients that are slow, deaf, half gone, or die in the middle of a call';

const METRICS_TOKEN = 'faults-and-nothing-else';
/** From each of these addresses come as many as one caller may have under way. */
const ADDRESSES = 5;
/** The pool may hold all of its connections by then, and a client one that it keeps open between calls. Attackers come by the score. */
const SPARE_SOCKETS = 12;
/** How far the memory in use may be above what it was after a first attack, in bytes. */
const SPARE_MEMORY = 8 * 2 ** 20;
/**
 * What those who do nothing wrong may be told while the server has much to do, and how much of theirs is served at least.
 * Each call that is cancelled costs its connection to the database, and a new one is given up when it takes longer than
 * DB_ACQUIRE_TIMEOUT_MS: that looks the same as a database that is away.
 */
const BUSY = ['TIMEOUT', 'UNAVAILABLE', 'DATABASE_UNAVAILABLE'];
const LEAST_SERVED = 0.95;
const SETTLED_WITHIN_MS = 5000;
const SLOW = [attacks.slowHeaders, attacks.slowBody];
const QUICK = [attacks.halfClosed, attacks.halfARequest, attacks.resetInMidCall];
const DYING = new URL('clients/stdio-client.mjs', import.meta.url);

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const steward = await lab.http(site, { METRICS_TOKEN });
  const began = performance.now();
  // What is made once, and kept, is no leak: the quick ones attack once before anything is measured.
  const rehearsed = await underLoad(site, [steward], () =>
    attack(steward, [...QUICK, attacks.deafForAMoment], lab),
  );
  steward.agent.destroy();
  await settledInFlight(steward);
  const before = { sockets: await settledSockets(steward, 0), memory: await memoryOf(steward) };
  const from = performance.now();
  const kinds = [...SLOW, ...QUICK, lab.short ? attacks.deafForAMoment : attacks.deaf];
  const [attacked, deaths] = await underLoad(site, [steward], () =>
    Promise.all([attack(steward, kinds, lab), dieOverStdio(site, lab.short ? 2 : 10)]),
  );
  const until = performance.now();
  steward.agent.destroy();
  const problems = [
    ...rehearsed.problems,
    ...attacked.problems,
    ...expectServed(site.journal.calls.filter(({ start }) => start > from)),
    ...(await expectNothingLeft(steward, before)),
  ];
  const after = await memoryOf(steward);
  const growth = after.used - before.memory.used;
  if (growth > SPARE_MEMORY) problems.push(`the memory in use grew by ${megabytes(growth)}`);
  return {
    figures: [
      ...attacked.figures,
      `memory in use ${megabytes(before.memory.used)} before, ${megabytes(after.used)} after; ${callsOf(site)} of the others`,
      `${deaths.times.length} clients over stdio killed: their servers were gone after ${spread(deaths.times)}`,
    ],
    problems: [
      ...problems,
      ...deaths.problems,
      ...(await brokenInvariants(site, [{ from: began, until, codes: BUSY }])),
      ...(await uncleanEnds(site)),
      ...(await leftSessions(site)),
    ],
  };
}

/** @param {import('../load/journal.mjs').Call[]} calls of those who do nothing wrong */
function expectServed(calls) {
  const served = calls.filter(({ error }) => error === undefined).length / calls.length;
  return served >= LEAST_SERVED
    ? []
    : [`only ${Math.round(served * 100)} % of the others' calls were served`];
}

/**
 * All kinds at once, and many of each.
 * @param {StewardProcess} steward @param {Attack[]} kinds @param {import('./lab/lab.mjs').Lab} lab
 */
async function attack({ port }, kinds, lab) {
  const each = lab.short ? 8 : 20;
  /** From several addresses. @param {Attack} kind */
  const many = (kind) =>
    Promise.all(
      Array.from({ length: each * ADDRESSES }, (_, n) => kind({ port, address: `10.66.0.${n % ADDRESSES}` })),
    );
  const ends = await Promise.all(kinds.map(async (kind) => ({ kind, ends: await many(kind) })));
  const figures = ends.map(
    ({ kind, ends: all }) =>
      `${all.length} ${attacks.NAMES.get(kind)}: gone after ${spread(all.map(({ ms }) => ms))}`,
  );
  return { figures, problems: ends.flatMap(({ ends: all }) => all.flatMap((end) => end.problems)) };
}

/** @param {StewardProcess} steward @param {{ sockets: number }} before */
async function expectNothingLeft(steward, before) {
  const problems = [];
  const held = await settledInFlight(steward);
  if (held !== 0) problems.push(`${held} places in flight are still held`);
  const sockets = await settledSockets(steward, before.sockets);
  if (sockets > before.sockets + SPARE_SOCKETS)
    problems.push(`${sockets} sockets are open, ${before.sockets} were before`);
  return problems;
}

/** @param {StewardProcess} steward */
async function settledInFlight(steward) {
  const giveUp = performance.now() + SETTLED_WITHIN_MS;
  let held = await inFlight(steward, METRICS_TOKEN);
  while (held > 0 && performance.now() < giveUp) {
    await setTimeout(100);
    held = await inFlight(steward, METRICS_TOKEN);
  }
  return held;
}

/** @param {StewardProcess} steward @param {number} wanted */
async function settledSockets(steward, wanted) {
  const giveUp = performance.now() + (wanted === 0 ? 1000 : SETTLED_WITHIN_MS);
  while (socketsOf(steward.pid) > wanted + SPARE_SOCKETS && performance.now() < giveUp) await setTimeout(100);
  return socketsOf(steward.pid);
}

/** Clients that start a server of their own, as MCP's clients do, and are killed in the middle of their calls. @param {Site} site @param {number} rounds */
async function dieOverStdio(site, rounds) {
  const problems = [];
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const env = bareEnvironment({
      NODE_ENV: 'production',
      DATABASE_URL: site.url,
      STEWARD_CALLER: ACTOR,
      ...LIMITS,
    });
    // Every second one does not even read what it is answered.
    const client = fork(DYING, round % 2 === 0 ? ['reads'] : ['deaf'], { env, stdio: 'ignore' });
    const [{ pid }] = await once(client, 'message');
    await once(client, 'message');
    const killed = performance.now();
    client.kill('SIGKILL');
    while (existsSync(`/proc/${pid}`) && performance.now() - killed < 2 * DEADLINE_MS + GRACE_MS)
      await setTimeout(20);
    times.push(performance.now() - killed);
    if (existsSync(`/proc/${pid}`)) {
      process.kill(pid, 'SIGKILL');
      problems.push('the server of a client that was killed went on');
    }
  }
  return { times, problems };
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
