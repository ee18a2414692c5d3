import { join, raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Condition, Leaf, Reference, Value } from '../filter/condition.js';
import type { Comparison, Match } from '../filter/syntax.js';
import { isNegative } from '../filter/undecidable.js';
import type { ViewColumn, ViewRelation } from '../view/view.js';
import { writeHas } from './has.js';
import type { Question } from './question.js';
import { joinCondition, Tables } from './tables.js';
import { compareTime, sign } from './time.js';

/** Where the columns of a condition are found. */
export type Columns = Pick<Tables, 'column' | 'reach' | 'aliases'>;

/** How the parts of a condition are written. */
interface Writing {
  question: Question;
  tables: Columns;
  /**
   * True where rows are sought that a negation leaves undecided. What no negation surrounds then counts as decided:
   * readers expect that `a = 1` finds no row without `a`.
   */
  seeksUndecided: boolean;
}

/** A condition in SQL's three values: what compares with null is neither true nor false, and its row is not found. */
export function writeCondition(condition: Condition, tables: Columns, question: Question): Sql {
  return write(condition, { question, tables, seeksUndecided: false }, false);
}

/** True for the rows that only a missing value keeps from being found, as `status != PAID` does one without status. */
export function writeUndecided(condition: Condition, tables: Tables, question: Question): Sql {
  return sql`(${write(condition, { question, tables, seeksUndecided: true }, false)}) is null`;
}

function write(condition: Condition, writing: Writing, negated: boolean): Sql {
  if ('terms' in condition) {
    const terms = condition.terms.map((term) => sql`(${write(term, writing, negated)})`);
    return join(terms, condition.kind === 'and' ? ' and ' : ' or ');
  }
  if (condition.kind === 'not') return sql`not (${write(condition.term, writing, true)})`;
  const leaf = writeLeaf(condition, writing);
  return writing.seeksUndecided && !isNegative(condition, negated) ? sql`(${leaf}) is true` : leaf;
}

function writeLeaf(condition: Leaf, writing: Writing): Sql {
  const { tables, question } = writing;
  switch (condition.kind) {
    case 'compare': {
      const { reference, operator, value } = condition;
      return compare(tables.column(reference), reference.column, operator, value, question);
    }
    case 'in':
      return writeIn(tables.column(condition.reference), condition.reference, condition.values, question);
    case 'match':
      return match(tables.column(condition.reference), condition.how, condition.text);
    case 'has':
      return writeHas(
        tables.column(condition.reference),
        condition.reference.column,
        condition.value,
        question,
      );
    case 'null':
      return sql`${tables.column(condition.reference)} is null`;
    case 'missing':
      return sql`not ${isPresent(condition.relations, tables)}`;
    case 'related':
      return writeRelated(condition, writing);
  }
}

function writeIn(
  column: Sql,
  { column: { type, native } }: Reference,
  values: readonly Value[],
  question: Question,
): Sql {
  if (type !== 'DateTime')
    return sql`${column} = any(${values.map((value) => (value.kind === 'exact' ? value.text : ''))})`;
  const equal = values.map((value) => compareTime(column, native, '=', value, question));
  return sql`(${join(equal, ' or ')})`;
}

/** Compares as the column's own type does: PostgreSQL reads the value as one of that type. */
function compare(
  column: Sql,
  { type, native }: ViewColumn,
  operator: Comparison,
  value: Value,
  question: Question,
): Sql {
  if (type === 'DateTime') return compareTime(column, native, operator, value, question);
  return sql`${column} ${sign(operator)} ${value.kind === 'exact' ? value.text : ''}`;
}

/** Case does not count, and every character stands for itself. A collation of the column's own may refuse LIKE. */
function match(column: Sql, how: Match, text: string): Sql {
  const plain = text.replace(/[\\%_]/g, (character) => `\\${character}`);
  const pattern = how === 'contains' ? `%${plain}%` : how === 'starts with' ? `${plain}%` : `%${plain}`;
  return sql`${column}::text collate "default" ilike ${pattern}`;
}

function isPresent(relations: readonly ViewRelation[], tables: Columns): Sql {
  const relation = relations.at(-1);
  if (relation?.join.kind !== 'columns') return raw('true');
  const alias = tables.reach(relations);
  const columns = relation.join.pairs.map(({ there }) => raw(`${alias}.${String(there)} is not null`));
  return sql`(${join(columns, ' and ')})`;
}

/** `every` means that no related row fails to meet the condition; one for which it is undecided fails. */
function writeRelated({ relations, quantifier, term }: Leaf & { kind: 'related' }, writing: Writing): Sql {
  const relation = relations.at(-1) as ViewRelation;
  const towards = relations.slice(0, -1);
  const here = writing.tables.reach(towards);
  const tables = new Tables(relation.target(), writing.tables.aliases);
  const inner = { ...writing, tables, seeksUndecided: false };
  const met = term && write(term, inner, false);
  if (quantifier === 'every' && !met) return raw('true');
  const condition = quantifier === 'every' ? sql`(${met}) is not true` : met;
  const joined = joinCondition(relation, here, tables.alias);
  const exists = sql`exists (select from ${tables.from()} where ${joined}${condition ? sql` and (${condition})` : raw('')})`;
  const found = quantifier === 'some' ? exists : sql`not ${exists}`;
  // Over a path that leads nowhere, nothing is decided.
  return towards.length === 0
    ? found
    : sql`(case when ${isPresent(towards, writing.tables)} then ${found} end)`;
}
