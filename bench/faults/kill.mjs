import { setTimeout } from 'node:timers/promises';
import { callsOf, spread } from './lab/figures.mjs';
import { brokenInvariants, leftSessions } from './lab/invariants.mjs';
import { PATIENCE, PATIENT_MS } from './lab/limits.mjs';
import { underLoad } from './lab/load.mjs';

export const name = 'kill';
export const title = 'kill -9 of Steward at random moments under writes, over HTTP and stdio';

/** A process lives until it has acknowledged so many changes, however fast the machine is, and a moment longer. */
const FEWEST_CHANGES = 3;
const MOST_CHANGES = 20;
const LONGEST_MOMENT_MS = 30;
const FEWEST_ROUNDS = 2;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const until = performance.now() + lab.seconds * 1000;
  /** @type {import('./lab/invariants.mjs').Window[]} */
  const windows = [];
  /** @type {number[]} */
  const firstAnswers = [];
  const leftovers = [];
  let rounds = 0;
  for (; performance.now() < until || rounds < FEWEST_ROUNDS; rounds += 1) {
    const born = performance.now();
    const pair = await Promise.all([lab.http(site, PATIENCE), lab.stdio(site, PATIENCE)]);
    const lives = pair.map((steward) =>
      underLoad(site, [steward], async (load) => {
        firstAnswers.push((await load.firstAnswerOf(steward)) - born);
        await load.changesOf(steward, FEWEST_CHANGES + Math.random() * (MOST_CHANGES - FEWEST_CHANGES));
        await setTimeout(Math.random() * LONGEST_MOMENT_MS);
        const killed = performance.now();
        await steward.end('SIGKILL');
        // Whatever is asked of it from now on is lost.
        windows.push({ from: killed, until: Infinity, codes: ['connection lost'], steward: steward.name });
      }),
    );
    await Promise.all(lives);
    leftovers.push(...(await leftSessions(site)));
  }
  return {
    figures: [
      `${rounds} processes killed over HTTP, ${rounds} over stdio; ${callsOf(site)}`,
      `first answer of a new process after ${spread(firstAnswers)}`,
    ],
    problems: [...(await brokenInvariants(site, windows, PATIENT_MS)), ...leftovers],
  };
}
