import { callsASecond, compare, medianCallMs } from '../../compare.mjs';
import { DBHUB, TOOLBOX } from '../../servers/index.mjs';
import { agreement } from '../../shop/answers.mjs';
import { findShape } from '../../shop/questions.mjs';

/** @typedef {import('../../shop/stage.mjs').Shop} Shop */
/** @typedef {import('../../shop/stage.mjs').ShopContestant} ShopContestant */

/** No server is asked anything twice. */
const FIRST_SEEDS = { stdio: 0, HTTP: 1e6, 'stdio at once': 2e6, 'first calls': 4e6 };
const FORM = 'each another shape';

/** @param {Shop} shop @param {'stdio' | 'HTTP'} series @param {ShopContestant[]} contestants */
export function findOneAtATime({ options: { blocks, calls } }, series, contestants) {
  const figure = `find_records, one table, ${series}, one at a time`;
  const target = { most: series === 'stdio' ? 1.9 : 1.7 };
  const heading = { figure, form: FORM, unit: 'ms', targets: { [TOOLBOX]: target } };
  const agree = agreement(contestants.length);
  return compare(heading, contestants, blocks, (contestant, block) =>
    medianCallMs(
      { first: block * calls, calls },
      (at) => contestant.ask(findShape(FIRST_SEEDS[series] + at)),
      (answer, at) => agree(contestant.name, at, answer),
    ),
  );
}

/** @param {Shop} shop */
export async function findAtOnce({ options: { blocks, callsAtOnce: calls }, overStdio }) {
  const figure = 'find_records, one table, stdio, 32 at once';
  const heading = { figure, form: FORM, unit: 'calls/s', targets: { [DBHUB]: { least: 0.37 } } };
  const contestants = await overStdio();
  const agree = agreement(contestants.length);
  return compare(heading, contestants, blocks, (contestant, block) =>
    callsASecond(
      { first: block * calls, calls },
      (at) => contestant.ask(findShape(FIRST_SEEDS['stdio at once'] + at)),
      (answer, at) => agree(contestant.name, at, answer),
    ),
  );
}

const MOST_STARTS = 10;

/**
 * The first calls of a process, while what they use is compiled: for information.
 * @param {Shop} shop
 */
export function findAfterStart({ options: { blocks, firstCalls: calls }, kinds, start }) {
  const figure = `find_records, one table, stdio, one at a time, the first ${calls} calls of a process`;
  const heading = { figure, form: FORM, unit: 'ms', targets: { [TOOLBOX]: undefined } };
  const agree = agreement(kinds.length);
  return compare(heading, kinds, Math.min(blocks, MOST_STARTS), async (kind, block) => {
    const contestant = await start(kind);
    const took = await medianCallMs(
      { first: block * calls, calls },
      (at) => contestant.ask(findShape(FIRST_SEEDS['first calls'] + at)),
      (answer, at) => agree(kind.name, at, answer),
    );
    await contestant.stop();
    return took;
  });
}
