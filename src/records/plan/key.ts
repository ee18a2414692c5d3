import { StewardError } from '../../errors.js';
import { looksLikeJson, parseJson, refuse, splitList, writeName } from '../argument.js';
import type { Condition, Value } from '../filter/condition.js';
import { parseFilterText } from '../filter/parse-text.js';
import { readValue } from '../filter/read-value.js';
import type { Literal } from '../filter/syntax.js';
import type { ViewColumn, ViewModel } from '../view/view.js';

const ARGUMENT = 'key';
const nowhere = { at: undefined };

/** A value of a key, with its column's name if that was said. */
export interface KeyPart {
  name?: string;
  literal: Literal;
}

/**
 * Parses what names one record: `17`, `17, 3` for a key of two columns, `email = 'a@b.c'` for another key; the same as a
 * list or an object of JSON, too.
 * @throws StewardError VALIDATION
 */
export function parseKey(key: unknown): KeyPart[] {
  const parsed = typeof key === 'string' && looksLikeJson(key) ? parseJson(key, ARGUMENT) : key;
  return typeof parsed === 'string' ? readText(parsed) : readJson(parsed);
}

/**
 * Looks the columns of a key up and reads their values.
 * @throws StewardError VALIDATION naming the model's keys
 */
export function readKey(model: ViewModel, parts: readonly KeyPart[]): Condition {
  const [first] = model.keys;
  if (!first) refuse(`${model.name} has no visible key: use find_records.`, nowhere, ARGUMENT);
  const names = new Set(parts.flatMap(({ name }) => name ?? []));
  const columns =
    names.size === 0
      ? first
      : model.keys.find((known) => known.length === names.size && known.every(({ name }) => names.has(name)));
  if (columns?.length !== parts.length)
    refuse(
      `${model.name} is named by ${describeKeys(model)}${names.size === 0 ? `; values given: ${parts.length}` : ''}.${suggestOtherKeys(model, parts)}`,
      nowhere,
      ARGUMENT,
    );
  try {
    const terms = columns.map((column, at) =>
      equals(column, (parts.find(({ name }) => name === column.name) ?? (parts[at] as KeyPart)).literal),
    );
    return { kind: 'and', terms };
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    throw new StewardError(error.code, `${error.message}${suggestOtherKeys(model, parts)}`);
  }
}

const LONGEST_SUGGESTED = 100;

/** How to name a record by other keys than the first, if a value without a name would be one of theirs. */
export function suggestOtherKeys({ keys }: ViewModel, parts: readonly KeyPart[]): string {
  const [part, ...more] = parts;
  if (!part || part.name !== undefined || more.length > 0 || part.literal.text.length > LONGEST_SUGGESTED)
    return '';
  const { literal } = part;
  const [own] = keys[0]?.length === 1 ? keys[0] : [];
  // What the first key takes as a number is hardly the text of another.
  const isNumber = own !== undefined && own.type !== 'String' && takes(own, literal);
  const value = `'${literal.text.replaceAll("'", "''")}'`;
  const fitting = keys.slice(1).flatMap(([column, ...others]) => {
    if (!column || others.length > 0 || (isNumber && column.type === 'String')) return [];
    return takes(column, literal) ? `${writeName(column.name)} = ${value}` : [];
  });
  return fitting.length === 0 ? '' : ` For another key, name it: ${fitting.join(', or ')}.`;
}

function takes(column: ViewColumn, literal: Literal): boolean {
  try {
    equals(column, literal);
    return true;
  } catch (error) {
    if (error instanceof StewardError) return false;
    throw error;
  }
}

function readText(text: string): KeyPart[] {
  const values = splitList(text, ARGUMENT);
  if (!/^[^'"]*[^'"<>!=]=/.test(text)) return values.map((written) => ({ literal: readQuoted(written) }));
  const filter = parseFilterText(values.join(' and '), ARGUMENT);
  return (filter.kind === 'and' ? filter.terms : [filter]).map((term) =>
    term.kind === 'compare' && term.operator === '='
      ? { name: term.path.segments.join('.'), literal: term.value }
      : { name: '', literal: readQuoted('') },
  );
}

function readQuoted(written: string): Literal {
  const quote = written.charAt(0);
  const isQuoted = written.length > 1 && /^['"]/.test(written) && written.endsWith(quote);
  const text = isQuoted ? written.slice(1, -1).replaceAll(quote + quote, quote) : written;
  return { text, quoted: isQuoted, at: undefined };
}

function readJson(value: unknown): KeyPart[] {
  if (Array.isArray(value)) return value.map((one) => ({ literal: readScalar(one) }));
  if (typeof value !== 'object' || value === null) return [{ literal: readScalar(value) }];
  return Object.entries(value).map(([name, one]) => ({ name, literal: readScalar(one) }));
}

function readScalar(value: unknown): Literal {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    refuse('Write a number beyond 2^53 as text, since JSON may have rounded it.', nowhere, ARGUMENT);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    refuse('A value is text, a number, true or false.', nowhere, ARGUMENT);
  return { text: String(value), quoted: typeof value === 'string', at: undefined };
}

function equals(column: ViewColumn, literal: Literal): Condition {
  const value = readValue(column, literal, ARGUMENT);
  assertOneValue(column, value, literal);
  return { kind: 'compare', reference: { relations: [], column }, operator: '=', value };
}

/** A day would be all moments of it, and so name several records. */
function assertOneValue({ name, native }: ViewColumn, { kind }: Value, literal: Literal): void {
  if (native !== 'Date' && (kind === 'day' || kind === 'distance'))
    refuse(`'${name}' takes a whole time here, such as 2026-05-01T09:00:00Z.`, literal, ARGUMENT);
}

export function describeKeys({ keys }: ViewModel): string {
  return keys.map((key) => key.map(({ name }) => name).join(', ')).join(' or by ');
}
