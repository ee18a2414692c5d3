import { empty, join, raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import { nameOf, type Condition, type Reference } from '../filter/condition.js';
import type { ViewModel, ViewRelation } from '../view/view.js';
import { writeNumber } from './cells.js';
import { writeCondition, type Columns } from './condition.js';
import { as, mostBytesOf, where } from './find.js';
import type { Question } from './question.js';
import { Aliases, Tables } from './tables.js';
import { UNMEASURED_BYTES, writeByteLimit } from './limit-bytes.js';

export const BUCKETS = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type Bucket = (typeof BUCKETS)[number];

export const FUNCTIONS = ['count', 'count distinct', 'sum', 'avg', 'min', 'max'] as const;
export type AggregateFunction = (typeof FUNCTIONS)[number];

/** Rows with the same value, or with times of the same stretch. */
export interface GroupKey {
  name: string;
  reference: Reference;
  bucket: Bucket | undefined;
}

export interface Metric {
  name: string;
  function: AggregateFunction;
  /** Absent: the rows are counted. */
  reference: Reference | undefined;
}

export interface AggregatePlan {
  model: ViewModel;
  keys: readonly GroupKey[];
  metrics: readonly Metric[];
  condition: Condition | undefined;
  /** Over columns of the answer, by their names. */
  having: Condition | undefined;
  /** By the name of a column of the answer. */
  order: readonly { name: string; descending: boolean }[];
  /** Groups. One more is read. */
  limit: number;
  /** Characters of a text. */
  longestText: number;
  /** Groups beyond so many bytes are not sent. The first always is. */
  mostBytes: number;
}

/**
 * Keys and metrics are c0, c1 … as text; of hours, l0 … has the time in the question's zone besides. Where the groups may be
 * large, `more` is as in writeFind.
 * Rows are made in a subquery, since a key with parameters cannot be written twice: PostgreSQL would take it for two.
 */
export function writeAggregate(plan: AggregatePlan, question: Question): Sql {
  const { model, keys, metrics, condition, having, order, limit, longestText, mostBytes } = plan;
  const tables = new Tables(model, new Aliases());
  const inner = [
    ...keys.map((key, at) => as(writeKey(key, tables, question), `k${at}`)),
    ...metrics.map(({ reference }, at) => as(reference ? readColumn(reference, tables) : raw('1'), `m${at}`)),
  ];
  const small = listSmallGroups(plan);
  inner.push(...small.map(({ relations }, at) => as(identifyRelated(relations, tables), `g${at}`)));
  const least = Math.max(model.leastGroup, ...small.map((group) => group.least));
  const conditions = condition ? [sql`(${writeCondition(condition, tables, question)})`] : [];
  const rows = sql`(select ${join(inner)} from ${tables.from()}${where(conditions)}) as rows`;

  const outer = new Map<string, Sql>([
    ...keys.map(({ name }, at) => [name, raw(`rows.k${at}`)] as const),
    ...metrics.map((metric, at) => [metric.name, writeMetric(metric, raw(`rows.m${at}`), least)] as const),
  ]);
  const named = (name: string) => outer.get(name) ?? empty;
  const columns = [...keys, ...metrics];
  const values = columns.map(({ name }, at) => as(named(name), `v${at}`));
  const hours = keys.flatMap(({ bucket }, at) => (bucket === 'hour' ? [at] : []));
  const cells = [
    ...columns.map(({ reference }, at) => {
      const text = `groups.v${at}::text`;
      // One character more tells that it was cut.
      return as(
        reference?.column.type === 'String' ? sql`left(${raw(text)}, ${longestText + 1}::int)` : raw(text),
        `c${at}`,
      );
    }),
    ...hours.map((at) => as(sql`(${raw(`groups.v${at}`)} at time zone ${question.zone})::text`, `l${at}`)),
  ];
  const kept = [
    ...(model.leastGroup > 1 ? [sql`count(*) >= ${model.leastGroup}::int`] : []),
    ...small.map((group, at) => {
      const related = raw(`rows.g${at}`);
      return sql`(count(distinct ${related}) >= ${group.least}::int or count(${related}) = 0)`;
    }),
    ...(having ? [sql`(${writeCondition(having, columnsOf(outer), question)})`] : []),
  ];
  const ordered = [
    ...order.map(
      ({ name, descending }) => sql`${named(name)} ${raw(descending ? 'desc' : 'asc')} nulls last`,
    ),
    ...keys.map(({ name }) => sql`${named(name)} asc nulls last`),
  ];
  const groups = join(
    [
      sql`select ${join(values)} from ${rows}`,
      ...(keys.length > 0 ? [sql`group by ${join(keys.map(({ name }) => named(name)))}`] : []),
      ...(kept.length > 0 ? [sql`having ${join(kept, ' and ')}`] : []),
      ...(ordered.length > 0 ? [sql`order by ${join(ordered)}`] : []),
      sql`limit ${limit + 1}::int`,
    ],
    ' ',
  );
  // The texts of the few, not of all groups: with texts in it, PostgreSQL takes a row for too wide to be grouped in memory.
  const texts = sql`select ${join(cells)} from (${groups}) as groups`;
  const references = columns.flatMap(({ reference }) => reference ?? []);
  if ((limit + 1) * mostBytesOf(references, longestText) <= UNMEASURED_BYTES) return texts;
  return writeByteLimit(
    texts,
    [...columns.map((_, at) => `c${at}`), ...hours.map((at) => `l${at}`)],
    mostBytes,
  );
}

/** Having knows the columns of the answer only. */
function columnsOf(outer: ReadonlyMap<string, Sql>): Columns {
  return {
    aliases: new Aliases(),
    column: (reference) => outer.get(nameOf(reference)) ?? empty,
    reach: () => '',
  };
}

function readColumn(reference: Reference, tables: Tables): Sql {
  return writeNumber(tables.column(reference), reference.column);
}

/** The related records that keys and metrics tell of, where a model of theirs asks for groups of some size. */
export function listSmallGroups({
  keys,
  metrics,
}: Pick<AggregatePlan, 'keys' | 'metrics'>): { relations: readonly ViewRelation[]; least: number }[] {
  const paths = [...keys, ...metrics].flatMap(({ reference }) =>
    (reference?.relations ?? []).map((_, at, all) => all.slice(0, at + 1)),
  );
  const distinct = new Map(paths.map((path) => [path.map(({ name }) => name).join('.'), path]));
  return [...distinct.values()].flatMap((relations) => {
    const least = relations.at(-1)?.target().leastGroup ?? 1;
    return least > 1 ? [{ relations, least }] : [];
  });
}

/** What tells one related record from another; null where there is none. */
function identifyRelated(relations: readonly ViewRelation[], tables: Tables): Sql {
  const by = relations.at(-1)?.join;
  const alias = tables.reach(relations);
  const key = by?.kind === 'columns' ? by.pairs.map(({ there }) => raw(`${alias}.${String(there)}`)) : [];
  return sql`case when ${key[0]} is not null then row(${join(key)})::text end`;
}

/** A value that fewer rows have than make a group would tell of them. */
function writeMetric(metric: Metric, value: Sql, least: number): Sql {
  const written = writeFunction(metric, value);
  if (least <= 1 || !metric.reference) return written;
  return sql`case when count(${value}) >= ${least}::int then ${written} end`;
}

function writeFunction({ function: name, reference }: Metric, value: Sql): Sql {
  switch (name) {
    case 'count':
      return reference ? sql`count(${value})` : sql`count(*)`;
    case 'count distinct':
      return sql`count(distinct ${value})`;
    default:
      return sql`${raw(name)}(${value})`;
  }
}

/** Hours are kept as moments, so that the two autumn hours of one name are two; longer stretches are their first days. */
function writeKey({ reference, bucket }: GroupKey, tables: Tables, { zone }: Question): Sql {
  if (bucket === undefined) return readColumn(reference, tables);
  const column = tables.column(reference);
  const { native } = reference.column;
  if (native === 'Date') return writeFirstDay(bucket, column);
  const point = native === 'Timestamptz' ? column : sql`(${column} at time zone 'UTC')`;
  if (bucket === 'hour') return sql`date_trunc('hour', ${point}, ${zone})`;
  return sql`date_trunc(${bucket}, ${point} at time zone ${zone})::date`;
}

/** Dates reach further than timestamps, so they are not made timestamps to find the first day of a stretch. */
function writeFirstDay(bucket: Bucket, day: Sql): Sql {
  if (bucket === 'day') return day;
  const part = (name: string) => sql`extract(${raw(name)} from ${day})::int`;
  const firstMonth =
    bucket === 'month' ? part('month') : bucket === 'quarter' ? sql`${part('quarter')} * 3 - 2` : raw('1');
  const first =
    bucket === 'week'
      ? sql`${day} - (${part('isodow')} - 1)`
      : sql`make_date(${part('year')}, ${firstMonth}, 1)`;
  return sql`case when isfinite(${day}) then ${first} else ${day} end`;
}
