import { alternate } from '../blocks.mjs';
import { progress } from '../progress.mjs';
import { NEWEST } from '../questions.mjs';
import { rowsOf } from '../rows.mjs';
import { Contestant } from '../servers/contestant.mjs';
import { EMPTY_SDK, STEWARD, TOOLBOX } from '../servers/index.mjs';

/** Newer versions of Node start the bundle faster beside the empty tool. */
const TARGET = { most: Number(process.versions.node.split('.')[0]) >= 24 ? 1.1 : 1.3 };

/** @type {import('./index.mjs').Figure} */
export const start = {
  name: 'start',
  what: 'from starting the process to the first answer of a tool, over stdio',
  async measure({ kinds, options, folder, cleanup }) {
    const figure = 'start to first answer, stdio';
    progress(figure);
    const starters = kinds.filter(({ name }) => [STEWARD, TOOLBOX, EMPTY_SDK].includes(name));
    const measured = await alternate(starters, options.blocks, async (kind) => {
      const started = performance.now();
      const contestant = await Contestant.overStdio(kind, folder);
      cleanup.add(() => contestant.stop());
      await contestant.ask(NEWEST);
      const took = performance.now() - started;
      await contestant.stop();
      return took;
    });
    const targets = { [EMPTY_SDK]: TARGET, [TOOLBOX]: undefined };
    return rowsOf({ figure, form: '', unit: 'ms', targets }, measured);
  },
};
