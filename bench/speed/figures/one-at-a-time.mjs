import { alternate, medianCallMs } from '../blocks.mjs';
import { formsOf } from '../forms.mjs';
import { progress } from '../progress.mjs';
import { assertFull } from '../rightness.mjs';
import { rowsOf } from '../rows.mjs';
import { TOOLBOX } from '../servers/index.mjs';

/** @typedef {import('../stage.mjs').Stage} Stage */

/** @type {import('./index.mjs').Figure} */
export const stdio = {
  name: 'stdio',
  what: 'median time of a call over stdio, one at a time',
  measure: async (stage) => oneAtATime('stdio, one at a time', stage, await stage.overStdio()),
};

/** @type {import('./index.mjs').Figure} */
export const http = {
  name: 'http',
  what: 'median time of a call over HTTP, one at a time',
  measure: async (stage) => oneAtATime('HTTP, one at a time', stage, await stage.overHttp()),
};

/** @param {string} series @param {Stage} stage @param {import('../servers/contestant.mjs').Contestant[]} contestants */
async function oneAtATime(series, { options, topics, writer }, contestants) {
  const rows = [];
  for (const topic of topics) {
    for (const { name: form, question, write } of formsOf(topic, writer)) {
      const figure = `${series}: ${topic.name}`;
      progress(`${figure}, ${form}`);
      const measured = await alternate(contestants, options.blocks, (contestant, block) =>
        medianCallMs(
          { first: block * options.calls, calls: options.calls, before: write },
          (at) => contestant.ask(question(at)),
          (answer, at) => contestant.kind.looksUp && assertFull(question(at), answer),
        ),
      );
      rows.push(...rowsOf({ figure, form, unit: 'ms', targets: { [TOOLBOX]: undefined } }, measured));
    }
  }
  return rows;
}
