import { refuse, splitCall, splitList, splitPath, type Place } from '../argument.js';
import type { Condition } from '../filter/condition.js';
import { describeType, resolveFilter } from '../filter/resolve-filter.js';
import type { Filter, Literal } from '../filter/syntax.js';
import {
  BUCKETS,
  FUNCTIONS,
  type AggregateFunction,
  type Bucket,
  type GroupKey,
  type Metric,
} from '../sql/aggregate.js';
import { suggest } from '../../capability/nearest.js';
import { resolveOpenColumn } from '../view/resolve.js';
import type { ViewColumn, ViewModel } from '../view/view.js';
import { hasOrder, readDirection } from './order.js';

const MOST_KEYS = 3;
const MOST_METRICS = 10;
const nowhere = { at: undefined };

/**
 * Reads `count, sum(total), count(distinct isbn)`. A metric that would be called as a key is, such as `count` beside a field
 * of that name, is called `_count`.
 * @throws StewardError VALIDATION for what an aggregate cannot do with a type
 */
export function readMetrics(
  model: ViewModel,
  text: string | readonly string[],
  keys: readonly GroupKey[],
): Metric[] {
  const argument = 'metrics';
  const taken = new Set(keys.map(({ name }) => name));
  const toFreeName = (name: string): string => (taken.has(name) ? toFreeName(`_${name}`) : name);
  const parts = splitList(text, argument);
  if (parts.length === 0 || parts.length > MOST_METRICS)
    refuse(`Name 1 to ${MOST_METRICS}, such as count, sum(FIELD), count(distinct FIELD).`, nowhere, argument);
  const metrics = parts.map((part): Metric => {
    const { word, inner } = splitCall(part) ?? { word: part, inner: '' };
    if (word.toLowerCase() === 'count' && (inner === '' || inner === '*'))
      return { name: toFreeName('count'), function: 'count', reference: undefined };
    const isDistinct = /^distinct\s/i.test(inner);
    const field = isDistinct ? inner.slice('distinct'.length).trim() : inner;
    const name = `${word.toLowerCase()}${isDistinct ? ' distinct' : ''}`;
    const known = FUNCTIONS.find((one) => one === name);
    if (!known || field === '')
      refuse(
        `'${part.slice(0, 60)}' is none of count, count(distinct FIELD), sum(FIELD), avg, min, max.`,
        nowhere,
        argument,
      );
    const path = splitPath(field);
    const reference = resolveOpenColumn(model, path, argument);
    assertAggregable(known, reference.column, argument);
    const heading = `${known.replace(' ', '_')}_${path.segments.join('.')}`;
    return { name: toFreeName(heading), function: known, reference };
  });
  return distinct(metrics);
}

/** A column that is asked for twice is shown once. */
function distinct<Named extends { name: string }>(columns: readonly Named[]): Named[] {
  return [...new Map(columns.map((column) => [column.name, column])).values()];
}

const NUMBERS = ['Int', 'BigInt', 'Float', 'Decimal'];
/** PostgreSQL 15 has no least and greatest of these. */
const WITHOUT_LEAST = ['Uuid', 'Bit', 'VarBit', 'Xml'];

function assertAggregable(name: AggregateFunction, column: ViewColumn, argument: string): void {
  const { type, native, isList } = column;
  const fails =
    name === 'sum' || name === 'avg'
      ? isList || native === 'Oid' || !NUMBERS.includes(type)
      : name === 'min' || name === 'max'
        ? !hasOrder(column) || type === 'Boolean' || WITHOUT_LEAST.includes(native ?? '')
        : name === 'count distinct' && (isList || type === 'Json' || type === 'Bytes' || native === 'Xml');
  if (fails)
    refuse(`There is no ${name} of '${column.name}', which is ${describeType(column)}.`, nowhere, argument);
}

/**
 * Reads `customer.country, month(placedAt)`.
 * @throws StewardError VALIDATION
 */
export function readGroupKeys(model: ViewModel, text: string | readonly string[] | undefined): GroupKey[] {
  const argument = 'group_by';
  const parts = text === undefined ? [] : splitList(text, argument);
  if (parts.length > MOST_KEYS) refuse(`At most ${MOST_KEYS} keys make groups.`, nowhere, argument);
  const keys = parts.map((part): GroupKey => {
    const { word, inner = part } = splitCall(part) ?? {};
    const bucket = BUCKETS.find((one) => one === word?.toLowerCase());
    if (word !== undefined && !bucket)
      refuse(`'${word}' is none of ${BUCKETS.join(', ')}.${suggest(word, BUCKETS)}`, nowhere, argument);
    const path = splitPath(inner);
    const reference = resolveOpenColumn(model, path, argument);
    const { column } = reference;
    if (!hasOrder(column))
      refuse(`'${column.name}' is ${describeType(column)}, which makes no groups.`, nowhere, argument);
    if (bucket && !hasBuckets(column, bucket))
      refuse(
        `${bucket} is for ${bucket === 'hour' ? '' : 'days and '}moments; '${column.name}' is ${column.native ?? describeType(column)}.`,
        nowhere,
        argument,
      );
    const name = path.segments.join('.');
    return { name: bucket ? `${bucket}_${name}` : name, reference, bucket };
  });
  return distinct(keys);
}

function hasBuckets({ type, native }: ViewColumn, bucket: Bucket): boolean {
  if (type !== 'DateTime' || native === 'Time' || native === 'Timetz') return false;
  return bucket !== 'hour' || native !== 'Date';
}

/**
 * Reads conditions on the columns of the answer, such as `count > 100`.
 * @throws StewardError VALIDATION
 */
export function readHaving(having: Filter, keys: readonly GroupKey[], metrics: readonly Metric[]): Condition {
  const columns = [...keys.map(keyColumn), ...metrics.map(resultColumn)];
  const answer: Pick<ViewModel, 'name' | 'fields'> = {
    name: 'The answer',
    fields: new Map(columns.map((one) => [one.name, one])),
  };
  const filter = joinNames(having, [...answer.fields.keys()], keys);
  return resolveFilter(answer as ViewModel, filter, 'having');
}

/** A key as a column of the answer. Hours are moments, longer stretches are their first days. */
function keyColumn({ name, reference: { column, relations }, bucket }: GroupKey): ViewColumn {
  const isRequired = column.isRequired && relations.every((relation) => relation.isRequired);
  const native = bucket === undefined ? column.native : bucket === 'hour' ? 'Timestamptz' : 'Date';
  return { ...column, name, native, isRequired };
}

/** Columns of an answer have one name, even where it holds dots. @throws StewardError VALIDATION for another */
function joinNames(filter: Filter, known: readonly string[], keys: readonly GroupKey[]): Filter {
  if ('terms' in filter)
    return { ...filter, terms: filter.terms.map((term) => joinNames(term, known, keys)) };
  if (filter.kind === 'not') return { ...filter, term: joinNames(filter.term, known, keys) };
  const name = filter.path.segments.join('.');
  assertColumn(name, known, filter.path, 'having');
  const bucket = keys.find((key) => key.name === name)?.bucket;
  const path = { ...filter.path, segments: [name] };
  if (filter.kind === 'compare') return { ...filter, path, value: readStretch(bucket, filter.value) };
  if (filter.kind === 'in')
    return { ...filter, path, values: filter.values.map((value) => readStretch(bucket, value)) };
  return { ...filter, path };
}

/** How a stretch is named in an answer, with an example. */
const STRETCHES: Partial<Record<Bucket, [form: RegExp, example: string]>> = {
  month: [/^(\d{4,7})-(\d\d)( BC)?$/, '2026-05'],
  quarter: [/^(\d{4,7})-Q([1-4])( BC)?$/i, '2026-Q2'],
  year: [/^(\d{4,7})()( BC)?$/, '2026'],
};

/** Reads the name of a month, quarter or year as its first day. @throws StewardError VALIDATION for another text */
function readStretch(bucket: Bucket | undefined, value: Literal): Literal {
  const [form, example] = (bucket && STRETCHES[bucket]) ?? [];
  if (!form || /^-?infinity$/i.test(value.text)) return value;
  const { sample, ...literal } = value;
  const text = sample?.({ name: bucket, type: 'String' } as ViewColumn, example) ?? value.text;
  const [, year, part = '', era = ''] = form.exec(text) ?? [];
  if (year === undefined)
    refuse(`Write a ${bucket} as ${example}, not '${text.slice(0, 60)}'.`, value, 'having');
  const month = bucket === 'quarter' ? String(Number(part) * 3 - 2).padStart(2, '0') : part || '01';
  return { ...literal, text: `${year}-${month}-01${era}` };
}

function assertColumn(name: string, known: readonly string[], place: Place, argument: string): void {
  if (!known.includes(name))
    refuse(
      `It takes columns of the answer: ${known.join(', ')}; not '${name.slice(0, 60)}'.${suggest(name, known)}`,
      place,
      argument,
    );
}

/** A metric as a column of the answer, with the type that PostgreSQL gives it. */
export function resultColumn({ name, function: of, reference }: Metric): ViewColumn {
  const type = ((): ViewColumn['type'] => {
    const own = reference?.column.type ?? 'BigInt';
    if (of === 'count' || of === 'count distinct') return 'BigInt';
    if (of === 'min' || of === 'max') return own;
    if (own === 'Float') return 'Float';
    return of === 'sum' && own === 'Int' ? 'BigInt' : 'Decimal';
  })();
  const base = (reference?.column ?? {}) as ViewColumn;
  return {
    ...base,
    kind: 'column',
    name,
    type,
    // Of money, numbers are read.
    native: type === base.type && base.native !== 'Money' ? base.native : undefined,
    isList: false,
    isRequired: of.startsWith('count'),
    masked: false,
  };
}

/**
 * Reads `sum_total desc`: columns of the answer.
 * @throws StewardError VALIDATION
 */
export function readGroupOrder(
  text: string | readonly string[] | undefined,
  names: readonly string[],
): { name: string; descending: boolean }[] {
  const argument = 'order_by';
  const parts = text === undefined ? [] : splitList(text, argument);
  return parts.map((part) => {
    const { path, descending } = readDirection(part, argument);
    const name = splitPath(path).segments.join('.');
    assertColumn(name, names, nowhere, argument);
    return { name, descending };
  });
}
