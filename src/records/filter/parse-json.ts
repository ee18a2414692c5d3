import { z } from 'zod';
import { refuse, splitPath } from '../argument.js';
import { LIMITS, type Comparison, type Filter, type Literal, type Match } from './syntax.js';

const COMPARISONS: Record<string, Comparison> = { eq: '=', ne: '!=', lt: '<', lte: '<=', gt: '>', gte: '>=' };
const MATCHES: Record<string, Match> = {
  contains: 'contains',
  starts_with: 'starts with',
  ends_with: 'ends with',
};
const OPERATORS = [...Object.keys(COMPARISONS), ...Object.keys(MATCHES), 'in', 'not_in', 'has', 'is_null'];

const SCALAR = z.union([z.string(), z.number(), z.boolean()]);
const CONDITION = z.strictObject({
  field: z.string(),
  op: z.enum(OPERATORS),
  value: z.union([SCALAR, z.array(SCALAR)]).optional(),
});

/**
 * Reads the same parts as a list of conditions, joined by and: `[{"field":"status","op":"eq","value":"PAID"}]`.
 * @throws StewardError VALIDATION naming the first condition that is wrong
 */
export function parseFilterJson(list: unknown): Filter {
  const conditions = Array.isArray(list) ? list : [list];
  if (conditions.length > LIMITS.terms) fail(`At most ${LIMITS.terms} conditions are read.`);
  return { kind: 'and', terms: conditions.map(toFilter) };
}

function toFilter(raw: unknown, index: number): Filter {
  const parsed = CONDITION.safeParse(raw);
  if (!parsed.success)
    fail(
      `Condition ${index + 1} must be {"field","op","value"}, op one of ${OPERATORS.join(', ')}; a value is text, a number, true or false, or a list of these.`,
    );
  const { field, op, value } = parsed.data;
  const path = splitPath(field, undefined);
  const one = (): Literal => {
    if (value === undefined || Array.isArray(value))
      fail(`Condition ${index + 1}: ${op} needs one value${value === undefined ? '' : ', not a list'}.`);
    return literal(value);
  };
  const comparison = COMPARISONS[op];
  if (comparison) return { kind: 'compare', path, operator: comparison, value: one() };
  const how = MATCHES[op];
  if (how) return { kind: 'match', path, how, value: one() };
  if (op === 'has') return { kind: 'has', path, value: one() };
  if (op === 'is_null') {
    const isNull: Filter = { kind: 'null', path };
    return value === false || value === 'false' ? { kind: 'not', term: isNull } : isNull;
  }
  if (!Array.isArray(value) || value.length === 0)
    fail(`Condition ${index + 1}: ${op} needs a list of values.`);
  const within: Filter = { kind: 'in', path, values: value.map(literal) };
  return op === 'not_in' ? { kind: 'not', term: within } : within;
}

function literal(value: string | number | boolean): Literal {
  return { text: String(value), quoted: typeof value === 'string', at: undefined };
}

function fail(message: string): never {
  refuse(message, { at: undefined }, 'filter');
}
