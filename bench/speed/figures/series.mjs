import { compare, medianCallMs } from '../compare.mjs';
import { assertFull } from '../rightness.mjs';
import { TOOLBOX } from '../servers/index.mjs';

/** @typedef {import('../stage.mjs').Stage} Stage */
/** @typedef {import('../questions.mjs').Question} Question */
/** @typedef {import('../servers/contestant.mjs').Contestant} Contestant */
/**
 * The form of the queries on a topic. `at` counts the calls of a series, the same for every server.
 * @typedef {{ name: string, question: (at: number) => Question, write: (() => Promise<void>) | undefined }} Form
 */

const AT_ONCE = 32;
/** Fewer than there are different questions, so that none comes back without a write in between. */
const CALLS_TO_A_WRITE = 10;

/** @param {string} series @param {Stage} stage @param {Contestant[]} contestants */
export function oneAtATime(series, stage, contestants) {
  const { calls } = stage.options;
  const heading = { figure: `${series}, one at a time`, unit: 'ms', targets: { [TOOLBOX]: undefined } };
  return inAllForms(heading, stage, contestants, (contestant, { question, write }, block) =>
    medianCallMs(
      { first: block * calls, calls, before: write },
      (at) => contestant.ask(question(at)),
      (answer, at) => contestant.kind.looksUp && assertFull(question(at), answer),
    ),
  );
}

/** @param {string} series @param {Stage} stage @param {Contestant[]} contestants @param {string} against */
export function atOnce(series, stage, contestants, against) {
  const calls = stage.options.callsAtOnce;
  const heading = {
    figure: `${series}, ${AT_ONCE} at once`,
    unit: 'calls/s',
    targets: { [against]: undefined },
  };
  return inAllForms(heading, stage, contestants, async (contestant, { question, write }, block) => {
    let next = block * calls;
    const end = next + calls;
    const work = async () => {
      while (next < end) {
        const at = next++;
        if (at % CALLS_TO_A_WRITE === 0) await write?.();
        const answer = await contestant.ask(question(at));
        if (contestant.kind.looksUp) assertFull(question(at), answer);
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return calls / ((performance.now() - started) / 1000);
  });
}

/**
 * "Again and again" repeats a query that a cache may answer. "Always another" runs between writes: no query comes back
 * before a user has changed, so no cache may answer.
 * @param {Omit<import('../compare.mjs').Heading, 'form'>} heading
 * @param {Stage} stage
 * @param {Contestant[]} contestants
 * @param {(contestant: Contestant, form: Form, block: number) => Promise<number>} measure
 */
async function inAllForms(heading, { options, topics, writer }, contestants, measure) {
  const rows = [];
  for (const { name, one, others } of topics) {
    const other = (/** @type {number} */ at) => /** @type {Question} */ (others[at % others.length]);
    /** @type {Form[]} */
    const forms = [
      { name: 'again and again', question: () => one, write: undefined },
      { name: 'always another, between writes', question: other, write: () => writer.write() },
    ];
    for (const form of forms) {
      const about = { ...heading, figure: `${heading.figure}: ${name}`, form: form.name };
      rows.push(
        ...(await compare(about, contestants, options.blocks, (contestant, block) =>
          measure(contestant, form, block),
        )),
      );
    }
  }
  return rows;
}
