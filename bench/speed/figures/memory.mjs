import { memoryOfTree } from '../process-memory.mjs';
import { progress } from '../progress.mjs';
import { rowsOf } from '../rows.mjs';
import { TOOLBOX } from '../servers/index.mjs';

const AT_ONCE = 8;

/** @type {import('./index.mjs').Figure} */
export const memory = {
  name: 'memory',
  what: 'resident memory of all its processes, after many calls over stdio',
  async measure(stage) {
    const { options, kinds } = stage;
    const figure = `resident memory after ${options.callsBeforeMemory.toLocaleString('en')} calls, stdio`;
    progress(figure);
    /** @type {Map<string, number[]>} */
    const measured = new Map();
    for (const kind of kinds) {
      const contestant = await stage.start(kind);
      await askAll(contestant, stage.topics, options.callsBeforeMemory);
      measured.set(kind.name, [(await memoryOfTree(contestant.server.pid)) / 2 ** 20]);
      await contestant.stop();
    }
    const rows = rowsOf({ figure, form: '', unit: 'MB', targets: { [TOOLBOX]: { most: 1.5 } } }, measured);
    // Measured once: there is no spread to tell of.
    return rows.map((row) => ({ ...row, ratio: { median: row.ratio.median } }));
  },
};

/** Queries of all kinds, so that all caches are filled. @param {import('../servers/contestant.mjs').Contestant} contestant @param {import('../questions.mjs').Topic[]} topics @param {number} calls */
async function askAll(contestant, topics, calls) {
  const questions = topics.flatMap(({ one, others }) => [one, ...others]);
  let next = 0;
  const work = async () => {
    while (next < calls) {
      const question = questions[next++ % questions.length];
      if (question) await contestant.ask(question);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
