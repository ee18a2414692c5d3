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

const TEXT = z.string().max(LIMITS.characters);
const SCALAR = z.union([TEXT, z.number(), z.boolean()]);
const CONDITION = z.strictObject({
  field: TEXT,
  op: z.enum(OPERATORS),
  value: z.union([SCALAR, z.array(SCALAR).max(LIMITS.values)]).optional(),
});
type JsonCondition = z.output<typeof CONDITION>;

/**
 * Reads the same parts as a list of conditions, joined by and: `[{"field":"status","op":"eq","value":"PAID"}]`.
 * @throws StewardError VALIDATION naming the first condition that is wrong
 */
export function parseFilterJson(list: unknown, argument: string): Filter {
  const conditions: unknown[] = Array.isArray(list) ? list : [list];
  const refuseAll = (message: string) => refuse(message, { at: undefined }, argument);
  if (conditions.length > LIMITS.terms) refuseAll(`At most ${LIMITS.terms} conditions are read.`);
  const terms = conditions.map((raw, index) => {
    const fail = (message: string) => refuseAll(`Condition ${index + 1}${message}`);
    const parsed = CONDITION.safeParse(raw);
    if (parsed.success) return toFilter(parsed.data, fail);
    return fail(
      ` must be {"field","op","value"}, op one of ${OPERATORS.join(', ')}; a value is text of at most ${LIMITS.characters} characters, a number, true or false, or a list of at most ${LIMITS.values} of these.`,
    );
  });
  return { kind: 'and', terms };
}

function toFilter({ field, op, value }: JsonCondition, fail: (message: string) => never): Filter {
  const path = splitPath(field);
  const literal = (scalar: string | number | boolean): Literal => {
    if (typeof scalar === 'number' && Math.abs(scalar) > Number.MAX_SAFE_INTEGER)
      fail(': write a number beyond 2^53 as text, since JSON may have rounded it.');
    return { text: String(scalar), quoted: typeof scalar === 'string', at: undefined };
  };
  const one = (): Literal => {
    if (value === undefined || Array.isArray(value))
      return fail(`: ${op} needs one value${value === undefined ? '' : ', not a list'}.`);
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
  if (!Array.isArray(value) || value.length === 0) return fail(`: ${op} needs a list of values.`);
  const within: Filter = { kind: 'in', path, values: value.map(literal) };
  return op === 'not_in' ? { kind: 'not', term: within } : within;
}
