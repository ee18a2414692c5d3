import { compare } from '../compare.mjs';
import { NEWEST } from '../questions.mjs';
import { EMPTY_SDK, STEWARD, TOOLBOX } from '../servers/index.mjs';

/** Newer versions of Node start the bundle faster beside the empty tool. */
const TARGET = { most: Number(process.versions.node.split('.')[0]) >= 24 ? 1.1 : 1.3 };

/** @param {import('../stage.mjs').Stage} stage */
export function measureStart({ kinds, options, start }) {
  const targets = { [EMPTY_SDK]: TARGET, [TOOLBOX]: undefined };
  const heading = { figure: 'start to first answer, stdio', form: '', unit: 'ms', targets };
  const starters = kinds.filter(({ name }) => [STEWARD, TOOLBOX, EMPTY_SDK].includes(name));
  return compare(heading, starters, options.blocks, async (kind) => {
    const started = performance.now();
    const contestant = await start(kind);
    await contestant.ask(NEWEST);
    const took = performance.now() - started;
    await contestant.stop();
    return took;
  });
}
