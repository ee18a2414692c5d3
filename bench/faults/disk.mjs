import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { callsOf } from './lab/figures.mjs';
import { AWAY, brokenInvariants, slowRecoveries, uncleanEnds } from './lab/invariants.mjs';
import { underLoad } from './lab/load.mjs';

export const name = 'disk';
export const title = "PostgreSQL's disk full: its tables first, then its write-ahead log";

const DISK = '256m';
const CALM_MS = 700;
const FULL_MS = 2500;
const MOST_SEGMENTS = 50;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const disk = await smallDisk(lab);
  if (typeof disk !== 'string') return { figures: [], problems: [], skipped: disk.why };
  const server = await lab.serverOfItsOwn({ under: disk });
  const site = await lab.site(server);
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  const ballast = path.join(disk, 'ballast');
  const course = await underLoad(site, stewards, async (load) => {
    await setTimeout(CALM_MS);
    const full = performance.now();
    fill(ballast);
    await setTimeout(FULL_MS);
    const meanwhile = load.calls.filter(({ start }) => start > full);
    const stillUp = server.running;
    // Tables had no room; now the log gets none either, and PostgreSQL gives up.
    const crashed = await exhaustLog(server);
    const noLog = performance.now();
    await setTimeout(CALM_MS);
    rmSync(ballast);
    const ended = !server.running;
    if (ended) await server.start();
    await answering(server);
    const answered = performance.now();
    return {
      full,
      meanwhile,
      stillUp,
      crashed,
      ended,
      noLog,
      answered,
      recovery: await load.backToNormal(answered),
    };
  });
  const { full, meanwhile, answered, recovery } = course;
  const writes = meanwhile.filter(({ kind }) => kind === 'write');
  const reads = meanwhile.filter(({ kind }) => kind === 'read');
  return {
    figures: [
      `tables full: ${served(reads)} of ${reads.length} reads and ${served(writes)} of ${writes.length} writes were served`,
      `log full: ${course.crashed ? 'PANIC' : 'no PANIC'}; ${course.ended ? 'PostgreSQL ended, and was started once there was room' : 'PostgreSQL came back by itself once there was room'}`,
      `${callsOf(site)}; back to normal after ${Math.round(recovery)} ms`,
    ],
    problems: [
      ...(writes.some(({ error }) => error !== undefined)
        ? []
        : ['no write was refused: the disk was not full']),
      ...(course.crashed ? [] : ['PostgreSQL found room for its log: that fault was not made']),
      // Reading takes no room.
      ...(course.stillUp && served(reads) < reads.length
        ? [`a read failed while only tables were full: ${reads.find(({ error }) => error)?.text}`]
        : []),
      ...slowRecoveries([recovery]),
      ...(await brokenInvariants(site, [{ from: full, until: answered, codes: AWAY }])),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** @param {import('../load/journal.mjs').Call[]} calls */
function served(calls) {
  return calls.filter(({ error }) => error === undefined).length;
}

/** A little disk of the fault's own, in memory. @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<string | { why: string }>} */
async function smallDisk(lab) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'steward-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=755`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    await rmdir(folder);
    const said = String(/** @type {any} */ (error).stderr ?? error).trim();
    return { why: `A small disk cannot be mounted here (${said}); root may do so.` };
  }
  lab.defer(async () => {
    execFileSync('umount', [folder]);
    await rmdir(folder);
  });
  return folder;
}

/** Writes a file until there is no room for another byte. @param {string} file */
function fill(file) {
  const descriptor = openSync(file, 'w');
  try {
    for (let size = 2 ** 20; size >= 1;) {
      try {
        writeSync(descriptor, Buffer.alloc(size));
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOSPC') throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Begins one segment of the log after the other, until there is no room for the next. @param {import('./lab/site.mjs').PostgresServer} server @returns {Promise<boolean>} whether PostgreSQL gave up over it */
async function exhaustLog(server) {
  for (let segment = 0; segment < MOST_SEGMENTS; segment += 1) {
    try {
      await server.query(`SELECT pg_switch_wal(), pg_logical_emit_message(true, 'faults', 'x')`);
    } catch {
      return true;
    }
  }
  return false;
}

/** @param {import('./lab/site.mjs').PostgresServer} server */
async function answering(server) {
  for (;;) {
    try {
      return await server.query('SELECT');
    } catch {
      if (!server.running) await server.start();
      await setTimeout(50);
    }
  }
}
