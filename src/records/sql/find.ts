import { empty, join, raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Condition, Reference } from '../filter/condition.js';
import type { ViewModel, ViewRelation } from '../view/view.js';
import { writeCell } from './cells.js';
import { writeCondition, writeUndecided } from './condition.js';
import {
  LONGEST_POSITION,
  writeAfter,
  writeOrder,
  writePosition,
  type OrderKey,
  type Position,
} from './position.js';
import type { Question } from './question.js';
import { Aliases, joinCondition, Tables } from './tables.js';
import { UNMEASURED_BYTES, writeByteLimit } from './limit-bytes.js';

/** What is read of the rows of a model. */
export interface FindPlan {
  model: ViewModel;
  columns: readonly Reference[];
  includes: readonly Include[];
  condition: Condition | undefined;
  order: readonly OrderKey[];
  /** Rows after it. */
  position: Position | undefined;
  /** One row more is read: it tells that there is one. */
  limit: number;
  /** Characters of a text. */
  longestText: number;
  /** Rows beyond so many bytes are not sent. The first always is. */
  mostBytes: number;
}

/** Rows that each row is related to. */
export interface Include {
  relation: ViewRelation;
  columns: readonly Reference[];
}

/** Of an include, for each row. One more is read. */
export const INCLUDED_ROWS = 10;

const BYTES_OF_A_CHARACTER = 4;
/** Of a cell that is not cut: a whole number, a time, a name of an enum. */
const SHORT_CELL_BYTES = 200;

/**
 * The columns are c0, c1 …, then includes as JSON i0 …, then the position p0 …; all of them text. Where the rows may be
 * large, `more` in the last one tells that the bytes left out those behind it.
 */
export function writeFind(plan: FindPlan, question: Question): Sql {
  const { model, columns, includes, condition, order, position, limit, longestText, mostBytes } = plan;
  const tables = new Tables(model, new Aliases());
  const cells = columns.map((reference, at) =>
    as(writeCell(tables.column(reference), reference.column, longestText), `c${at}`),
  );
  const included = includes.map((include, at) => as(writeInclude(include, tables, longestText), `i${at}`));
  const end = writePosition(order, tables).map((key, at) => as(key, `p${at}`));
  const conditions = [
    ...(condition ? [sql`(${writeCondition(condition, tables, question)})`] : []),
    ...(position ? [writeAfter(order, position, tables)] : []),
  ];
  const selected = [...cells, ...included, ...end];
  const page = sql`select ${join(selected)} from ${tables.from()}${where(conditions)}${order.length > 0 ? sql` order by ${writeOrder(order, tables)}` : empty} limit ${limit + 1}::int`;
  if ((limit + 1) * mostRowBytes(plan) <= UNMEASURED_BYTES) return page;
  const names = [
    ...cells.map((_, at) => `c${at}`),
    ...included.map((_, at) => `i${at}`),
    ...end.map((_, at) => `p${at}`),
  ];
  return writeByteLimit(page, names, mostBytes);
}

function mostRowBytes({ columns, includes, order, longestText }: FindPlan): number {
  const related = includes.reduce((bytes, include) => bytes + mostBytesOf(include.columns, longestText), 0);
  const keys = order.map(({ reference }) => reference);
  return (
    mostBytesOf(columns, longestText) + (INCLUDED_ROWS + 1) * related + mostBytesOf(keys, LONGEST_POSITION)
  );
}

/** At most, of a row of these columns. */
export function mostBytesOf(references: readonly Reference[], longest: number): number {
  return references.reduce((bytes, { column: { type, isList } }) => {
    const isText = type === 'String' || type === 'Json' || type === 'Decimal' || isList;
    return bytes + (isText ? longest * BYTES_OF_A_CHARACTER : SHORT_CELL_BYTES);
  }, 0);
}

/** The number of rows, counted up to a bound. */
export function writeCount(
  model: ViewModel,
  condition: Condition | undefined,
  most: number,
  question: Question,
): Sql {
  const tables = new Tables(model, new Aliases());
  const conditions = condition ? [writeCondition(condition, tables, question)] : [];
  return sql`select count(*)::text as count from (select from ${tables.from()}${where(conditions)} limit ${most + 1}::int) as found`;
}

/** How many rows a missing value keeps from being found, in a look at so many rows; with the number of rows looked at. */
export function writeCountUndecided(
  model: ViewModel,
  condition: Condition,
  most: number,
  question: Question,
): Sql {
  const tables = new Tables(model, new Aliases());
  const undecided = writeUndecided(condition, tables, question);
  const from = tables.from();
  return sql`select count(*) filter (where undecided)::text as undecided, count(*)::text as seen from (select ${undecided} as undecided from ${from} limit ${most + 1}::int) as looked_at`;
}

function writeInclude({ relation, columns }: Include, outer: Tables, longestText: number): Sql {
  const target = relation.target();
  const tables = new Tables(target, outer.aliases);
  const cells = columns.map((reference, at) =>
    as(writeCell(tables.column(reference), reference.column, longestText), `c${at}`),
  );
  const names = columns.map((_, at) => raw(`included.c${at}`));
  const key = target.keys[0] ?? [];
  const order = key.map((column): OrderKey => ({ reference: { relations: [], column }, descending: false }));
  const joined = joinCondition(relation, outer.alias, tables.alias);
  return sql`(select json_agg(json_build_array(${join(names)}))::text from (select ${join(cells)} from ${tables.from()} where ${joined}${order.length > 0 ? sql` order by ${writeOrder(order, tables)}` : empty} limit ${INCLUDED_ROWS + 1}::int) as included)`;
}

export function where(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? empty : sql` where ${join([...conditions], ' and ')}`;
}

export function as(expression: Sql, alias: string): Sql {
  return sql`${expression} as ${raw(alias)}`;
}
