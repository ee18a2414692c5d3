import type { Schema } from './model/schema.js';
import { BUCKETS, FUNCTIONS } from './sql/aggregate.js';

/** Words of filters and lists, which say how was asked and not for what. */
const WORDS = [
  ...'and or not in is null contains starts ends with has some none every asc desc distinct now'.split(' '),
  ...'field op value eq ne lt lte gt gte not_in starts_with ends_with is_null true false'.split(' '),
  ...BUCKETS,
  ...FUNCTIONS,
];

/** Arguments that say nothing of what was sought. */
const CLEAR = ['limit', 'page', 'total', 'time_zone'];
const LONGEST = 300;

/**
 * Keeps the shape of a call for the log: models, fields and operators. Each value becomes `?`, and so does each word that
 * the schemas do not hold.
 */
export function createRedaction(schemas: readonly Schema[]): (args: unknown) => Record<string, unknown> {
  const known = new Set(WORDS);
  for (const { models } of schemas) {
    for (const { name, fields } of models) {
      known.add(name);
      for (const field of fields) known.add(field.name);
    }
  }
  const redact = (value: unknown): string => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return text
      .slice(0, LONGEST)
      .replace(/'(?:[^']|'')*'?|"(?:[^"\\]|\\.)*"?|[^\s"'`()[\]{},.:=<>!]+/g, (word) =>
        known.has(word.replaceAll('"', '')) || known.has(word.toLowerCase()) ? word : '?',
      );
  };
  return (args) =>
    Object.fromEntries(
      Object.entries(Object(args) as object)
        .slice(0, 20)
        .flatMap(([name, value]): [string, unknown][] => {
          if (!ARGUMENTS.has(name)) return [];
          if (CLEAR.includes(name) && (typeof value === 'number' || typeof value === 'boolean'))
            return [[name, value]];
          return [[name, HIDDEN.has(name) ? '[redacted]' : redact(value)]];
        }),
    );
}

/** Only the names of these are logged. */
const HIDDEN = new Set(['key', 'cursor', 'search']);

const ARGUMENTS = new Set([
  ...CLEAR,
  ...HIDDEN,
  ...'model filter fields include order_by metrics group_by having'.split(' '),
]);
