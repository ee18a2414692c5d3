import { setTimeout } from 'node:timers/promises';
import { setRole } from '../load/changes.mjs';
import { userById } from '../load/reads.mjs';
import { callsOf, spread } from './lab/figures.mjs';
import { brokenInvariants, slowRecoveries, uncleanEnds } from './lab/invariants.mjs';
import { holding } from './lab/holding.mjs';
import { GRACE_MS, LOCK_TIMEOUT_MS } from './lab/limits.mjs';
import { askOnce, underLoad } from './lab/load.mjs';

export const name = 'lock';
export const title = 'a row, and then a whole table, locked by another session';

const WHAT_TO_DO = /Somebody else is changing the same record\. Nothing was changed\. Try again/;
const TABLE_LOCKED_MS = 2500;
const OTHERS = 4;

/** @param {import('./lab/lab.mjs').Lab} lab @returns {Promise<import('./main.mjs').Result>} */
export async function run(lab) {
  const site = await lab.site();
  const stewards = await Promise.all([lab.http(site), lab.stdio(site)]);
  const start = performance.now();
  const rows = await lockRow(site, stewards);
  const table = await lockTable(site, stewards);
  return {
    figures: [
      `row locked: refused after ${spread(rows.waits)}; table locked for ${TABLE_LOCKED_MS / 1000} s under load: back to normal after ${Math.round(table.recovery)} ms`,
      callsOf(site),
    ],
    problems: [
      ...rows.problems,
      ...slowRecoveries([table.recovery]),
      ...table.problems,
      ...(await brokenInvariants(site, [{ from: start, until: table.released, codes: ['TIMEOUT'] }])),
      ...(await uncleanEnds(site)),
    ],
  };
}

/** @param {import('./lab/site.mjs').Site} site @param {import('./lab/site.mjs').Steward[]} stewards */
async function lockRow(site, stewards) {
  const id = site.people.anyoneWho('stays');
  const problems = [];
  const waits = [];
  const holder = await holding(site, `SELECT FROM users WHERE id = ${id} FOR UPDATE`);
  try {
    for (const steward of stewards) {
      const blocked = askOnce(site, steward, setRole(site.people, id));
      // Reading waits for nobody, and other users are not concerned.
      for (let n = 0; n < OTHERS; n += 1) {
        const other = await askOnce(
          site,
          steward,
          n % 2 === 0 ? userById(site.people) : setRole(site.people, id + 1),
        );
        if (other.answer.outcome !== 'ok')
          problems.push(`another was not served meanwhile: ${JSON.stringify(other.answer)}`);
      }
      const { answer, ms } = await blocked;
      waits.push(ms);
      if (answer.outcome !== 'refused' || answer.code !== 'TIMEOUT' || !WHAT_TO_DO.test(answer.text))
        problems.push(`a locked user was answered with ${JSON.stringify(answer)}`);
      if (ms > LOCK_TIMEOUT_MS + GRACE_MS) problems.push(`refused only after ${Math.round(ms)} ms`);
    }
  } finally {
    await holder.end();
  }
  for (const steward of stewards) {
    const { answer } = await askOnce(site, steward, setRole(site.people, id));
    if (answer.outcome !== 'ok') problems.push(`the retry came to ${JSON.stringify(answer)}`);
  }
  return { problems, waits };
}

/** @param {import('./lab/site.mjs').Site} site @param {import('./lab/site.mjs').Steward[]} stewards */
async function lockTable(site, stewards) {
  return underLoad(site, stewards, async (load) => {
    const from = performance.now();
    const holder = await holding(site, 'LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    await setTimeout(TABLE_LOCKED_MS);
    const refused = load.calls.filter(({ error, start }) => start > from && error !== undefined);
    await holder.end();
    const released = performance.now();
    const problems = refused.length > 0 ? [] : ['nobody noticed that the table was locked'];
    return { released, problems, recovery: await load.backToNormal(released) };
  });
}
