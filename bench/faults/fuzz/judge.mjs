import { codeOf, parsed } from '../../load/answer.mjs';
import { uncoded } from '../lab/invariants.mjs';

/** What malformed requests may be refused with over HTTP; RFC 9110, RFC 6585. */
const STATUSES = [200, 202, 204, 400, 401, 403, 404, 405, 406, 408, 413, 415, 417, 429, 431, 503];

/** The findings of a validation library, as it would have them; never what a caller may have said. */
const DUMP = /"(code|expected|origin|path)":/;

/**
 * What is wrong with the answer to a request that may be malformed in any way: it has to be a refusal with a code, or a
 * success.
 * @param {number} status @param {string} text the body
 * @returns {string[]}
 */
export function wrongAnswer(status, text) {
  const problems = STATUSES.includes(status) ? [] : [`answered with status ${status}`];
  if (text === '') return problems;
  const json = parsed(text);
  if (json === undefined) return [...problems, 'answered with what is no JSON'];
  return [...problems, ...[json].flat().flatMap((message) => wrongMessage(message))];
}

/** @param {any} message a JSON-RPC response, or what a probe answers @returns {string[]} */
export function wrongMessage(message) {
  const refused = message?.error !== undefined || message?.result?.isError === true;
  if (!refused) return [];
  const words = message.error?.message ?? message.result.content?.[0]?.text ?? '';
  const code = codeOf(message);
  const named = words.startsWith(`${code}: `) ? [] : ['its words do not begin with its code'];
  return [...named, ...(DUMP.test(words) ? ['told what a library found'] : []), ...uncoded(code, words)];
}

/** How many rows a success has added to which tables. @typedef {{ users: number, departments: number, changes: number }} Rows */

/** @param {string | undefined} tool @param {any} message the response to a call of it @param {Rows} rows are added to */
export function countRows(tool, message, rows) {
  const data = message?.result?.structuredContent;
  if (data === undefined || message.result.isError) return;
  if (tool === 'create_user') rows.users += 1;
  if (tool === 'create_department') rows.departments += 1;
  if (tool === 'create_user' || data.changed === true) rows.changes += 1;
}
