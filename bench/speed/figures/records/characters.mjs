import { progress } from '../../../progress.mjs';
import { rowsOf } from '../../compare.mjs';
import { textOf } from '../../rightness.mjs';
import { DBHUB } from '../../servers/index.mjs';
import { agreement } from '../../shop/answers.mjs';
import { OPEN_ORDERS, SALES, WHOLESALE } from '../../shop/questions.mjs';

/** Any will do: it draws the values. */
const SEED = 0;

/** @param {import('../../shop/stage.mjs').Shop} shop */
export async function measureCharactersOfRecords({ overStdio }) {
  progress('characters of an answer about records');
  const contestants = await overStdio();
  const rows = [];
  for (const topic of [OPEN_ORDERS, WHOLESALE, SALES]) {
    const agree = agreement(contestants.length);
    /** @type {Map<string, number[]>} */
    const lengths = new Map();
    for (const contestant of contestants) {
      const answer = await contestant.ask(topic.ask(SEED));
      agree(contestant.name, SEED, answer);
      lengths.set(contestant.name, [textOf(answer).length]);
    }
    const figure = `characters of an answer: ${topic.what}`;
    rows.push(...rowsOf({ figure, form: '', unit: '', targets: { [DBHUB]: undefined } }, lengths));
  }
  return rows;
}
