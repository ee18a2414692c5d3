/** @typedef {import('./questions.mjs').Topic} Topic */
/** @typedef {import('./questions.mjs').Question} Question */
/**
 * The form of the queries on a topic. `at` counts the calls of a series, the same for every server.
 * @typedef {object} Form
 * @property {string} name
 * @property {(at: number) => Question} question
 * @property {(() => Promise<void>) | undefined} write
 */

/**
 * "Again and again" repeats a query that a cache may answer. "Always another" runs between writes: no query comes back
 * before a user has changed, so no cache may answer.
 * @param {Topic} topic
 * @param {import('./writer.mjs').Writer} writer
 * @returns {Form[]}
 */
export function formsOf({ one, others }, writer) {
  const other = (/** @type {number} */ at) => /** @type {Question} */ (others[at % others.length]);
  return [
    { name: 'again and again', question: () => one, write: undefined },
    { name: 'always another, between writes', question: other, write: () => writer.write() },
  ];
}
