import { parseJson } from '../argument.js';
import type { ViewModel } from '../view/view.js';
import type { Condition } from './condition.js';
import { parseFilterJson } from './parse-json.js';
import { parseFilterText } from './parse-text.js';
import { resolveFilter } from './resolve-filter.js';

const ARGUMENT = 'filter';

/**
 * Reads a filter: text, a list of conditions, or such a list as JSON in text.
 * @returns undefined for none
 * @throws StewardError VALIDATION
 */
export function readFilter(model: ViewModel, filter: unknown): Condition | undefined {
  if (filter === undefined) return undefined;
  if (typeof filter !== 'string') return resolveFilter(model, parseFilterJson(filter), ARGUMENT);
  const text = filter.trim();
  if (text === '') return undefined;
  const parsed = /^[[{]/.test(text)
    ? parseFilterJson(parseJson(text, ARGUMENT))
    : parseFilterText(filter, ARGUMENT);
  return resolveFilter(model, parsed, ARGUMENT);
}
