import { compare, medianCallMs } from '../../compare.mjs';
import { TOOLBOX } from '../../servers/index.mjs';
import { agreement, readRows } from '../../shop/answers.mjs';

/**
 * A question of one shape, with values of its own each time, over stdio. A tool of Toolbox has its SQL.
 * @param {import('../../shop/stage.mjs').Shop} shop
 * @param {import('../../shop/questions.mjs').Topic} topic
 * @param {number} most of the time of Toolbox
 * @param {number} calls
 */
export async function measureTopic({ options, overStdio }, topic, most, calls = options.calls) {
  const heading = {
    figure: `${topic.what}, stdio, one at a time`,
    form: 'always other values',
    unit: 'ms',
    targets: { [TOOLBOX]: { most } },
  };
  const contestants = await overStdio();
  const agree = agreement(contestants.length);
  return compare(heading, contestants, options.blocks, (contestant, block) =>
    medianCallMs(
      { first: block * calls, calls },
      (at) => contestant.ask(topic.ask(at)),
      (answer, at) => {
        if (readRows(answer).length === 0) throw new Error(`${topic.name} ${at}: no rows`);
        agree(contestant.name, at, answer);
      },
    ),
  );
}
