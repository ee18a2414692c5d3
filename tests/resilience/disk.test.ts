import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { PostgresServer } from '../support/postgres-server.mjs';
import type { Call } from './lab/journal.js';
import { AWAY } from './lab/limits.js';
import { underLoad } from './lab/load.js';
import { itServesAgain } from './lab/outages.js';
import { itKeepsEveryPromise } from './lab/promises.js';
import { Site } from './lab/site.js';

const DISK = '256m';
const CALM_MS = 700;
const FULL_MS = 2500;
const MOST_SEGMENTS = 50;

const probe = mountSmallDisk();
if (probe !== undefined) unmount(probe);
const skipped = probe === undefined ? ' (skipped: only root may mount a small disk)' : '';
const whenMountable = probe === undefined ? describe.skip : describe;

whenMountable(`disk: PostgreSQL's disk is full, first for tables, then for its log${skipped}`, () => {
  const site = new Site();
  const recoveries: number[] = [];
  let folder: string;
  let whileTablesWereFull: Call[] = [];
  let panicked = false;

  beforeAll(async () => {
    folder = mountSmallDisk() ?? '';
    const ballast = path.join(folder, 'ballast');
    await site.open({ under: folder });
    await underLoad(site, await site.both(), async (load) => {
      await setTimeout(CALM_MS);
      const full = performance.now();
      fill(ballast);
      await setTimeout(FULL_MS);
      if (site.server.running) whileTablesWereFull = load.calls.filter(({ start }) => start > full);
      panicked = await exhaustLog(site.server);
      await setTimeout(CALM_MS);
      rmSync(ballast);
      await startWhereItEnded(site.server);
      site.allow(AWAY, full);
      recoveries.push(await load.recovery(performance.now()));
    });
  });

  afterAll(async () => {
    await site.close();
    unmount(folder);
  });

  it('writes are refused, reads are served while only tables are full', () => {
    const failed = whileTablesWereFull.filter(({ error }) => error !== undefined);
    expect(whileTablesWereFull.some(({ kind }) => kind === 'read')).toBe(true);
    expect(failed.some(({ kind }) => kind === 'write')).toBe(true);
    expect(failed.filter(({ kind }) => kind === 'read')).toEqual([]);
  });

  it('PostgreSQL ends where its log has no room', () => {
    expect(panicked).toBe(true);
  });

  itServesAgain(recoveries);
  itKeepsEveryPromise(site);
});

/** Returns its folder; undefined where it may not be mounted. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'steward-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=755`, 'tmpfs', folder]);
  if (mounted.status === 0) return folder;
  rmdirSync(folder);
  return undefined;
}

function unmount(folder: string): void {
  execFileSync('umount', [folder]);
  rmdirSync(folder);
}

/** Writes a file until there is no page left. */
function fill(file: string): void {
  const { stderr } = spawnSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=4k'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (!stderr.includes('No space left')) throw new Error(`The disk did not fill:\n${stderr}`);
}

/** Begins one segment of the log after the other, until there is no room for the next; true if PostgreSQL gave up. */
async function exhaustLog(server: PostgresServer): Promise<boolean> {
  for (let segment = 0; segment < MOST_SEGMENTS; segment += 1) {
    try {
      await server.query(`SELECT pg_switch_wal(), pg_logical_emit_message(true, 'resilience', 'x')`);
    } catch {
      return true;
    }
  }
  return false;
}

/** As an operator does once there is room. */
async function startWhereItEnded(server: PostgresServer): Promise<void> {
  while (!(await server.query('SELECT').catch(() => false))) {
    if (!server.running) await server.start();
    await setTimeout(50);
  }
}
