/**
 * What a call came to. `lost`: the connection broke, and whether the call was carried out is not known.
 * @typedef {{ outcome: 'ok', data: any, steward: string }
 *   | { outcome: 'refused', code: string | undefined, text: string, steward: string }
 *   | { outcome: 'lost', cause: string, steward: string }} Answer
 */
/** Whoever takes calls: a process, or several behind a balancer. @typedef {{ call(tool: string, args: object, address: string): Promise<Answer> }} Taker */

const LONGEST_TEXT = 300;

/**
 * @param {any} message the JSON-RPC response; undefined where there was none
 * @param {string} text what was received, to be shown where it is a refusal
 * @param {string} steward who answered
 * @returns {Answer}
 */
export function toAnswer(message, text, steward) {
  const result = message?.result;
  if (result?.structuredContent && !result.isError)
    return { outcome: 'ok', data: result.structuredContent, steward };
  return { outcome: 'refused', code: codeOf(message), text: text.slice(0, LONGEST_TEXT), steward };
}

/** The code of Steward's own that a JSON-RPC response carries, if it is an error. @param {any} message @returns {string | undefined} */
export function codeOf(message) {
  return message?.error?.data?.code ?? message?.result?._meta?.['steward/error']?.code;
}

/** @param {string} text @returns {any} undefined where it is not JSON */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
