import { toSql } from './questions.mjs';

/** @typedef {import('./servers/contestant.mjs').Contestant} Contestant */
/** @typedef {import('./questions.mjs').Question} Question */
/** @typedef {import('./servers/client.mjs').Answer} Answer */

/** The text of an answer that a model reads. @param {Answer} answer */
export function textOf({ content }) {
  return content.map(({ text }) => text).join('\n');
}

/**
 * Every server answers in a form of its own, but each with the email addresses, in their order.
 * @param {Contestant} contestant
 * @param {Question} question
 * @param {import('pg').Client} client
 */
export async function assertRight(contestant, question, client) {
  const { rows } = await client.query(toSql(question));
  const expected = rows.map(({ email }) => email).join(' ');
  const found = (textOf(await contestant.ask(question)).match(/[\w.]+@[\w.]+/g) ?? []).join(' ');
  if (found !== expected)
    throw new Error(`${contestant.name} answers ${JSON.stringify(question)} with ${found}, not ${expected}`);
}

/** The quick look at every answer that is timed: as many rows as asked for. @param {Question} question @param {Answer} answer */
export function assertFull({ limit }, { content }) {
  const rows = content.reduce((sum, { text }) => sum + text.split('@').length - 1, 0);
  if (rows !== limit) throw new Error(`${limit} users were asked for, and ${rows} answered`);
}
