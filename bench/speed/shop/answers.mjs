import { textOf } from '../rightness.mjs';

/** @typedef {import('../servers/client.mjs').Answer} Answer */

/** The rows of an answer, in whichever form a server gives them: their values alone, in order. @param {Answer} answer @returns {unknown[]} */
export function readRows(answer) {
  const { records, groups } = /** @type {Record<string, any>} */ (answer.structuredContent ?? {});
  return plain(records?.rows ?? groups?.rows ?? peersRows(answer));
}

/** Toolbox gives a text to a row, DBHub an object with what it was asked. @param {Answer} answer */
function peersRows(answer) {
  if (answer.content.length !== 1) return answer.content.map(({ text }) => JSON.parse(text));
  const only = JSON.parse(textOf(answer));
  return only.data?.statements[0].rows ?? [only];
}

/** Numbers and times are each written in several ways. @param {any} value @returns {any} */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.values(value).map(plain);
  if (typeof value !== 'string') return value;
  if (/^\d{4}-\d\d/.test(value)) return Date.parse(value);
  return /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

/**
 * Compares the answers of all who are asked a question: the same rows in the same order.
 * @param {number} contestants who are asked each question
 * @throws where two answers differ
 */
export function agreement(contestants) {
  /** What was answered first, and how often it was since. @type {Map<number, { name: string, rows: string, answers: number }>} */
  const open = new Map();
  return (/** @type {string} */ name, /** @type {number} */ question, /** @type {Answer} */ answer) => {
    const rows = JSON.stringify(readRows(answer));
    const first = open.get(question) ?? { name, rows, answers: 0 };
    if (rows !== first.rows)
      throw new Error(`question ${question}: ${name} answers ${rows}, and ${first.name} ${first.rows}`);
    first.answers += 1;
    if (first.answers < contestants) open.set(question, first);
    else open.delete(question);
  };
}
