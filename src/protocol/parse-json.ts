import { replaceInexact } from '../exact-json.js';

/**
 * Parses what a client sent. A number that JavaScript would round becomes infinite: no argument takes that, so the call is
 * refused, with the argument's name, instead of answering for another number.
 * @throws SyntaxError for text that is no JSON
 */
export function parseJson(text: string): unknown {
  const json = JSON.parse(text) as unknown;
  const exact = replaceInexact(text, () => '1e999');
  return exact === text ? json : (JSON.parse(exact) as unknown);
}
