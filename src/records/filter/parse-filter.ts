import { looksLikeJson, parseJson } from '../argument.js';
import { parseFilterJson } from './parse-json.js';
import { parseFilterText } from './parse-text.js';
import type { Filter } from './syntax.js';

/**
 * Reads the syntax of a filter: text, a list of conditions, or such a list as JSON in text.
 * @returns undefined for none
 * @throws StewardError VALIDATION
 */
export function parseFilter(filter: unknown, argument: string): Filter | undefined {
  if (filter === undefined) return undefined;
  if (typeof filter !== 'string') return parseFilterJson(filter, argument);
  if (filter.trim() === '') return undefined;
  return looksLikeJson(filter)
    ? parseFilterJson(parseJson(filter, argument), argument)
    : parseFilterText(filter, argument);
}
