import { describeShape } from './filter/describe-shape.js';
import type { Schema } from './model/schema.js';
import { BUCKETS, FUNCTIONS } from './sql/aggregate.js';

/** Words of lists, which say how was asked and not for what. */
const WORDS = ['asc', 'desc', 'distinct', ...BUCKETS, ...FUNCTIONS];

/** Arguments that say nothing of what was sought. */
const CLEAR = ['limit', 'page', 'total', 'time_zone', 'csv'];
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
  const nameOf = (name: string) => (known.has(name) ? name : '?');
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
          if (HIDDEN.has(name)) return [[name, '[redacted]']];
          return [[name, FILTERS.has(name) ? describeShape(value, nameOf).slice(0, LONGEST) : redact(value)]];
        }),
    );
}

const FILTERS = new Set(['filter', 'having']);

/** Only the names of these are logged. */
const HIDDEN = new Set(['key', 'cursor', 'search']);

const ARGUMENTS = new Set([
  ...CLEAR,
  ...HIDDEN,
  ...'model filter fields include order_by metrics group_by having'.split(' '),
]);
