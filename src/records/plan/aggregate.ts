import { refuse, splitList, splitPath, type Place } from '../argument.js';
import type { Condition, Reference } from '../filter/condition.js';
import { parseFilterText } from '../filter/parse-text.js';
import { describeType, resolveFilter } from '../filter/resolve-filter.js';
import type { Filter } from '../filter/syntax.js';
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
 * Reads `count, sum(total), count(distinct isbn)`.
 * @throws StewardError VALIDATION for what an aggregate cannot do with a type
 */
export function readMetrics(model: ViewModel, text: string | readonly string[]): Metric[] {
  const argument = 'metrics';
  const parts = splitList(text, argument);
  if (parts.length === 0 || parts.length > MOST_METRICS)
    refuse(`Name 1 to ${MOST_METRICS}, such as count, sum(FIELD), count(distinct FIELD).`, nowhere, argument);
  const metrics = parts.map((part): Metric => {
    if (/^count(\(\s*\*?\s*\))?$/i.test(part))
      return { name: 'count', function: 'count', reference: undefined };
    const [, word = '', distinct, field] = /^(\w+)\s*\(\s*(distinct\s+)?(.+?)\s*\)$/is.exec(part) ?? [];
    const name = `${word.toLowerCase()}${distinct === undefined ? '' : ' distinct'}`;
    const known = FUNCTIONS.find((one) => one === name);
    if (!known || field === undefined)
      refuse(
        `'${part.slice(0, 60)}' is none of count, count(distinct FIELD), sum(FIELD), avg, min, max.`,
        nowhere,
        argument,
      );
    const path = splitPath(field);
    const reference = resolveOpenColumn(model, path, argument);
    assertAggregable(known, reference.column, argument);
    return { name: `${known.replace(' ', '_')}_${path.segments.join('.')}`, function: known, reference };
  });
  return [...new Map(metrics.map((metric) => [metric.name, metric])).values()];
}

const NUMBERS = ['Int', 'BigInt', 'Float', 'Decimal'];
/** PostgreSQL 15 has no least and greatest of these. */
const WITHOUT_LEAST = ['Uuid', 'Bit', 'VarBit', 'Xml'];

function assertAggregable(name: AggregateFunction, column: ViewColumn, argument: string): void {
  const { type, native, isList } = column;
  const fails =
    name === 'sum' || name === 'avg'
      ? isList || !NUMBERS.includes(type)
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
  return parts.map((part): GroupKey => {
    const [, word, inner] = /^(\w+)\s*\(\s*(.+?)\s*\)$/s.exec(part) ?? [];
    const bucket = BUCKETS.find((one) => one === word?.toLowerCase());
    if (word !== undefined && !bucket)
      refuse(`'${word}' is none of ${BUCKETS.join(', ')}.${suggest(word, BUCKETS)}`, nowhere, argument);
    const path = splitPath(inner ?? part);
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
}

function hasBuckets({ type, native }: ViewColumn, bucket: Bucket): boolean {
  if (type !== 'DateTime' || native === 'Time' || native === 'Timetz') return false;
  return bucket !== 'hour' || native !== 'Date';
}

/**
 * Reads conditions on the columns of the answer, such as `count > 100`.
 * @throws StewardError VALIDATION
 */
export function readHaving(
  text: string | undefined,
  keys: readonly GroupKey[],
  metrics: readonly Metric[],
): Condition | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const argument = 'having';
  const columns = [
    ...keys
      .filter(({ bucket }) => bucket === undefined)
      .map(({ name, reference }) => keyColumn(name, reference)),
    ...metrics.map(resultColumn),
  ];
  const answer: Pick<ViewModel, 'name' | 'fields'> = {
    name: 'The answer',
    fields: new Map(columns.map((one) => [one.name, one])),
  };
  const filter = joinNames(parseFilterText(text, argument), [...answer.fields.keys()]);
  return resolveFilter(answer as ViewModel, filter, argument);
}

function keyColumn(name: string, { column: of, relations }: Reference): ViewColumn {
  return { ...of, name, isRequired: of.isRequired && relations.every(({ isRequired }) => isRequired) };
}

/** Columns of an answer have one name, even where it holds dots. @throws StewardError VALIDATION for another */
function joinNames(filter: Filter, known: readonly string[]): Filter {
  if ('terms' in filter) return { ...filter, terms: filter.terms.map((term) => joinNames(term, known)) };
  if (filter.kind === 'not') return { ...filter, term: joinNames(filter.term, known) };
  const name = filter.path.segments.join('.');
  assertColumn(name, known, filter.path, 'having');
  return { ...filter, path: { ...filter.path, segments: [name] } };
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
