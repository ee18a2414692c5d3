import { alternate } from '../blocks.mjs';
import { formsOf } from '../forms.mjs';
import { progress } from '../progress.mjs';
import { assertFull } from '../rightness.mjs';
import { rowsOf } from '../rows.mjs';
import { DBHUB, TOOLBOX } from '../servers/index.mjs';

/** @typedef {import('../stage.mjs').Stage} Stage */
/** @typedef {import('../servers/contestant.mjs').Contestant} Contestant */

const AT_ONCE = 32;
/** Fewer than there are different questions, so that none comes back without a write in between. */
const CALLS_TO_A_WRITE = 10;

/** @type {import('./index.mjs').Figure} */
export const stdioAtOnce = {
  name: 'stdio-at-once',
  what: `calls a second over stdio, ${AT_ONCE} at once`,
  measure: async (stage) => atOnce(`stdio, ${AT_ONCE} at once`, stage, await stage.overStdio(), DBHUB),
};

/** @type {import('./index.mjs').Figure} */
export const httpAtOnce = {
  name: 'http-at-once',
  what: `calls a second over HTTP, ${AT_ONCE} at once`,
  measure: async (stage) => atOnce(`HTTP, ${AT_ONCE} at once`, stage, await stage.overHttp(), TOOLBOX),
};

/** @param {string} series @param {Stage} stage @param {Contestant[]} contestants @param {string} against */
async function atOnce(series, { options, topics, writer }, contestants, against) {
  const rows = [];
  for (const topic of topics) {
    for (const form of formsOf(topic, writer)) {
      const figure = `${series}: ${topic.name}`;
      progress(`${figure}, ${form.name}`);
      const measured = await alternate(contestants, options.blocks, (contestant, block) =>
        callsASecond(contestant, form, block * options.callsAtOnce, options.callsAtOnce),
      );
      const targets = { [against]: undefined };
      rows.push(...rowsOf({ figure, form: form.name, unit: 'calls/s', targets }, measured));
    }
  }
  return rows;
}

/** @param {Contestant} contestant @param {import('../forms.mjs').Form} form @param {number} first @param {number} calls */
async function callsASecond(contestant, { question, write }, first, calls) {
  let next = first;
  const work = async () => {
    while (next < first + calls) {
      const at = next++;
      if (at % CALLS_TO_A_WRITE === 0) await write?.();
      const answer = await contestant.ask(question(at));
      if (contestant.kind.looksUp) assertFull(question(at), answer);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return calls / ((performance.now() - started) / 1000);
}
