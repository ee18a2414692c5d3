import { callsASecond, compare, medianCallMs } from '../compare.mjs';
import { assertFull } from '../rightness.mjs';
import { TOOLBOX } from '../servers/index.mjs';

/** @typedef {import('../stage.mjs').Stage} Stage */
/** @typedef {import('../questions.mjs').Question} Question */
/** @typedef {import('../servers/contestant.mjs').Contestant} Contestant */
/**
 * The form of the queries on a topic. `at` counts the calls of a series, the same for every server.
 * @typedef {{ name: string, question: (at: number) => Question, write: (() => Promise<void>) | undefined }} Form
 */

/** By the topics, in their order. @typedef {[newest: import('../compare.mjs').Target, byCriteria: import('../compare.mjs').Target]} Targets */

/** Fewer than there are different questions, so that none comes back without a write in between. */
const CALLS_TO_A_WRITE = 10;

/** @param {string} series @param {Stage} stage @param {Contestant[]} contestants @param {Targets} targets */
export function oneAtATime(series, stage, contestants, targets) {
  const { calls } = stage.options;
  const heading = { figure: `${series}, one at a time`, unit: 'ms', against: TOOLBOX, targets };
  return inAllForms(heading, stage, contestants, (contestant, { question, write }, block) =>
    medianCallMs(
      { first: block * calls, calls, before: write },
      (at) => contestant.ask(question(at)),
      (answer, at) => contestant.kind.looksUp && assertFull(question(at), answer),
    ),
  );
}

/** @param {string} series @param {Stage} stage @param {Contestant[]} contestants @param {string} against @param {Targets} targets */
export function atOnce(series, stage, contestants, against, targets) {
  const calls = stage.options.callsAtOnce;
  const heading = { figure: `${series}, 32 at once`, unit: 'calls/s', against, targets };
  return inAllForms(heading, stage, contestants, (contestant, { question, write }, block) =>
    callsASecond(
      { first: block * calls, calls },
      async (at) => {
        if (at % CALLS_TO_A_WRITE === 0) await write?.();
        return contestant.ask(question(at));
      },
      (answer, at) => contestant.kind.looksUp && assertFull(question(at), answer),
    ),
  );
}

/**
 * "Again and again" repeats a query, which is for information. "Always another" runs between writes, as agents ask: no
 * query comes back before a user has changed, so no cache may answer.
 * @param {{ figure: string, unit: string, against: string, targets: Targets }} heading
 * @param {Stage} stage
 * @param {Contestant[]} contestants
 * @param {(contestant: Contestant, form: Form, block: number) => Promise<number>} measure
 */
async function inAllForms(
  { figure, unit, against, targets },
  { options, topics, writer },
  contestants,
  measure,
) {
  const rows = [];
  for (const [topic, { name, one, others }] of topics.entries()) {
    const other = (/** @type {number} */ at) => /** @type {Question} */ (others[at % others.length]);
    /** @type {(Form & { target: import('../compare.mjs').Target | undefined })[]} */
    const forms = [
      { name: 'again and again', question: () => one, write: undefined, target: undefined },
      {
        name: 'always another, between writes',
        question: other,
        write: () => writer.write(),
        target: targets[topic],
      },
    ];
    for (const form of forms) {
      const about = {
        unit,
        figure: `${figure}: ${name}`,
        form: form.name,
        targets: { [against]: form.target },
      };
      rows.push(
        ...(await compare(about, contestants, options.blocks, (contestant, block) =>
          measure(contestant, form, block),
        )),
      );
    }
  }
  return rows;
}
