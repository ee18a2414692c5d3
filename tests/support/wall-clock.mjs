import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const PRELOAD = new URL('shifted-clock.mjs', import.meta.url).href;
const HOUR_MS = 60 * 60_000;

/** The wall clock of the processes that are started with its environment, to be set while they run. */
export class WallClock {
  #dir;
  #file;

  /** @private @param {string} dir */
  constructor(dir) {
    this.#dir = dir;
    this.#file = path.join(dir, 'clock');
    this.env = { NODE_OPTIONS: `--import=${PRELOAD}`, SHIFTED_CLOCK_FILE: this.#file };
  }

  static async create() {
    const clock = new WallClock(await mkdtemp(path.join(os.tmpdir(), 'steward-clock-')));
    await clock.set(0);
    return clock;
  }

  /** @param {number} hours by which it is off from now on */
  async set(hours) {
    // In one step: a reader of the file finds the old or the new number.
    await writeFile(`${this.#file}.next`, String(hours * HOUR_MS));
    await rename(`${this.#file}.next`, this.#file);
  }

  async remove() {
    await rm(this.#dir, { recursive: true });
  }
}
