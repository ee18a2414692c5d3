import type { Context } from '../../capability/define.js';
import { asList } from '../arguments.js';
import { CUT, isLonger, readCell, type Cell } from '../answer/cell.js';
import { fitTable, type RecordTable } from '../answer/rows.js';
import { resolveFilter } from '../filter/resolve-filter.js';
import type { Filter } from '../filter/syntax.js';
import { readGroupKeys, readGroupOrder, readHaving, readMetrics, resultColumn } from '../plan/aggregate.js';
import type { Records } from '../records.js';
import type { Services } from '../services.js';
import type { Source, TextRow } from '../source.js';
import {
  listSmallGroups,
  writeAggregate,
  type AggregatePlan,
  type Bucket,
  type GroupKey,
  type Metric,
} from '../sql/aggregate.js';
import type { Question } from '../sql/question.js';
import type { Views } from '../views.js';
import { beginPatience } from './patience.js';
import { questionOf } from './question-of.js';
import { explainTimeout, listReferences } from './slow.js';
import { describeUndecided } from './undecided.js';

export const MOST_GROUPS = 200;

const LONGEST_TEXT = 200;

export interface AggregateInput {
  model: string;
  metrics: unknown;
  group_by?: unknown;
  filter: Filter | undefined;
  having: Filter | undefined;
  order_by?: unknown;
  limit: number;
  time_zone?: string | undefined;
}

/** @throws StewardError VALIDATION */
export function planAggregate<From extends Views>(
  records: Records<From>,
  input: AggregateInput,
  scopes: ReadonlySet<string>,
) {
  const named = records.model(input.model, scopes);
  const { model } = named;
  const keys = readGroupKeys(model, asList(input.group_by, 'group_by'));
  const metrics = readMetrics(model, asList(input.metrics, 'metrics') ?? '', keys);
  const names = [...keys, ...metrics].map(({ name }) => name);
  return {
    named,
    keys,
    metrics,
    names,
    condition: input.filter && resolveFilter(model, input.filter, 'filter'),
    having: input.having && readHaving(input.having, keys, metrics),
    order: readGroupOrder(asList(input.order_by, 'order_by'), names),
  };
}

type PlannedAggregate = ReturnType<typeof planAggregate<Source>>;

/**
 * Reads the groups as text, and one more than the limit where there are more.
 * @throws StewardError
 */
export function readGroups(
  { named: { model, source }, keys, metrics, condition, having, order }: PlannedAggregate,
  question: Question,
  bounds: Pick<AggregatePlan, 'limit' | 'longestText' | 'mostBytes'>,
  context: Context,
): Promise<TextRow[]> {
  const plan: AggregatePlan = { model, keys, metrics, condition, having, order, ...bounds };
  const used = [...listReferences(condition), ...keys.map(({ reference }) => reference)];
  return explainTimeout(model, used, () => source.read(writeAggregate(plan, question), context));
}

/** @throws StewardError */
export async function aggregate(
  services: Services,
  input: AggregateInput,
  context: Context,
): Promise<{ notes: string[]; more: boolean; groups: RecordTable }> {
  const planned = planAggregate(services.records, input, context.scopes);
  const { named, names, condition } = planned;
  const question = questionOf(named, input);
  const { limit } = input;
  const bounds = { limit, longestText: LONGEST_TEXT, mostBytes: services.largestAnswerBytes };
  const [read, undecided] = await Promise.all([
    readGroups(planned, question, bounds, context),
    describeUndecided(named, condition, question, beginPatience(context)),
  ]);
  const rows = read.slice(0, limit).map((row) => readGroup(row, planned, LONGEST_TEXT));
  const { table, isCut } = fitTable({ columns: names, rows }, services.largestAnswerBytes);
  const more = isCut || read.length > limit;
  return {
    notes: [
      ...undecided,
      ...describeGroups(read, planned, question, LONGEST_TEXT),
      ...(isCut
        ? ['The groups were too large for one answer: narrow them with filter or having.']
        : more
          ? [
              `There are more groups: ${limit < MOST_GROUPS ? 'raise limit, or ' : ''}narrow them with filter or having.`,
            ]
          : []),
    ],
    more,
    groups: table,
  };
}

/**
 * What a reader must know of groups, however many of them are shown.
 * @param longestText characters
 */
export function describeGroups(
  read: readonly TextRow[],
  planned: PlannedAggregate,
  question: Question,
  longestText: number,
): string[] {
  const { named, keys, names } = planned;
  const cut = names.filter((_, at) => read.some((row) => isLonger(row[`c${at}`] ?? '', longestText)));
  return [
    ...describeBuckets(keys, question),
    ...describeLeast(named.model.leastGroup, planned),
    ...(cut.length > 0 ? [`${cut.join(', ')}: cut at ${longestText} characters, marked ${CUT}.`] : []),
  ];
}

function describeLeast(ofModel: number, plan: Pick<AggregatePlan, 'keys' | 'metrics'>): string[] {
  const related = listSmallGroups(plan).map(
    ({ relations, least }) =>
      `Groups of fewer than ${least} of ${relations.map(({ name }) => name).join('.')} are not shown.`,
  );
  return [...(ofModel > 1 ? [`Groups of fewer than ${ofModel} rows are not shown.`] : []), ...related];
}

/** @param longestText characters */
export function readGroup(
  row: TextRow,
  { keys, metrics }: Pick<PlannedAggregate, 'keys' | 'metrics'>,
  longestText: number,
): Cell[] {
  return [
    ...keys.map(({ reference, bucket }, at): Cell => {
      const text = row[`c${at}`] ?? null;
      if (bucket === undefined || text === null) return readCell(reference.column, text, longestText);
      if (bucket !== 'hour') return labelBucket(bucket, text);
      return labelHour(text, row[`l${at}`] ?? text) ?? readCell(reference.column, text, longestText);
    }),
    ...metrics.map((metric, at) => readMetric(metric, row[`c${keys.length + at}`] ?? null, longestText)),
  ];
}

/** Counts, and sums of whole numbers, are numbers as long as JSON holds them exactly. */
function readMetric(metric: Metric, text: string | null, longestText: number): Cell {
  const column = resultColumn(metric);
  const isWhole = column.type === 'BigInt' && metric.function !== 'min' && metric.function !== 'max';
  if (isWhole && Number.isSafeInteger(Number(text ?? NaN))) return Number(text);
  // PostgreSQL's averages end in zeros that say nothing.
  if (metric.function === 'avg' && text !== null && column.type === 'Decimal')
    return text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
  return readCell(column, text, longestText);
}

/** A stretch by its first day: PostgreSQL writes `2026-05-01`, `0044-03-15 BC`, and `infinity`. */
function labelBucket(bucket: Exclude<Bucket, 'hour'>, text: string): string {
  const [, year, month = '', day = '', era = ''] = /^(\d+)-(\d\d)-(\d\d)( BC)?$/.exec(text) ?? [];
  if (year === undefined) return text;
  switch (bucket) {
    case 'year':
      return `${year}${era}`;
    case 'quarter':
      return `${year}-Q${Math.ceil(Number(month) / 3)}${era}`;
    case 'month':
      return `${year}-${month}${era}`;
    default:
      return `${year}-${month}-${day}${era}`;
  }
}

/**
 * An hour of the zone with its distance from UTC, which tells the two autumn hours of one name apart.
 * @returns undefined for one beyond the years that JavaScript counts
 */
function labelHour(utc: string, local: string): string | undefined {
  const minutes = Math.round((toMs(local) - toMs(utc)) / 60_000);
  if (Number.isNaN(minutes)) return undefined;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${local.replace(' ', 'T').slice(0, -3)}${minutes < 0 ? '-' : '+'}${pad(hours)}:${pad(rest)}`;
}

function toMs(text: string): number {
  return Date.parse(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function describeBuckets(keys: readonly GroupKey[], { zone }: Question): string[] {
  const buckets = new Set(keys.flatMap(({ bucket }) => bucket ?? []));
  if (buckets.size === 0) return [];
  const week = buckets.has('week') ? ' Weeks start on Monday and are named by it.' : '';
  const hour = buckets.has('hour') ? ' The two autumn hours of one name are told apart by their offset.' : '';
  return [`Times are those of ${zone}.${week}${hour}`];
}
