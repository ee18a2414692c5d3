import { join, raw, sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import { nameOf, type Condition, type Reference, type Value } from '../filter/condition.js';
import type { Comparison, Match } from '../filter/syntax.js';
import type { ViewColumn } from '../view/view.js';
import type { Question } from './question.js';
import { joinCondition, Tables } from './tables.js';

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

/** True for what a reader may expect to find rows that lack a value, as `!=` and `none`. */
function isNegative(condition: Leaf, negated: boolean): boolean {
  if (condition.kind === 'compare' && condition.operator === '!=') return true;
  return negated || (condition.kind === 'related' && condition.quantifier === 'none');
}

type Leaf = Exclude<Condition, { terms: unknown } | { kind: 'not' }>;

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
      return has(tables.column(condition.reference), condition.reference.column, condition.value, question);
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
  const equal = values.map((value) => timeComparison(column, native, '=', value, question));
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
  if (type === 'DateTime') return timeComparison(column, native, operator, value, question);
  return sql`${column} ${sign(operator)} ${value.kind === 'exact' ? value.text : ''}`;
}

function sign(operator: Comparison): Sql {
  return raw(operator === '!=' ? '<>' : operator);
}

/** On a timestamp, a day means all of it: `= 2026-05-01` is from its first moment to before the next day's. */
function timeComparison(
  column: Sql,
  native: string | undefined,
  operator: Comparison,
  value: Value,
  question: Question,
): Sql {
  if (value.kind === 'exact') return sql`${column} ${sign(operator)} ${value.text}`;
  if (value.kind !== 'day' || native === 'Date')
    return sql`${column} ${sign(operator)} ${moment(value, native, question)}`;
  const start = moment(value, native, question);
  const end = moment({ kind: 'day', text: value.text }, native, question, 1);
  switch (operator) {
    case '=':
      return sql`(${column} >= ${start} and ${column} < ${end})`;
    case '!=':
      return sql`not (${column} >= ${start} and ${column} < ${end})`;
    case '<':
      return sql`${column} < ${start}`;
    case '<=':
      return sql`${column} < ${end}`;
    case '>':
      return sql`${column} >= ${end}`;
    case '>=':
      return sql`${column} >= ${start}`;
  }
}

/** A value as one of the column's type. Prisma's timestamps without a zone are UTC. */
function moment(value: Value, native: string | undefined, { zone, now }: Question, addedDays = 0): Sql {
  if (native === 'Date') {
    if (value.kind !== 'distance') return sql`${'text' in value ? value.text : ''}::date`;
    return value.isElapsed
      ? sql`((${now}::timestamptz + ${value.interval}::interval) at time zone ${zone})::date`
      : sql`((${now}::timestamptz at time zone ${zone}) + ${value.interval}::interval)::date`;
  }
  const point = (): Sql => {
    switch (value.kind) {
      case 'distance':
        return value.isElapsed
          ? sql`(${now}::timestamptz + ${value.interval}::interval)`
          : sql`(((${now}::timestamptz at time zone ${zone}) + ${value.interval}::interval) at time zone ${zone})`;
      case 'local':
        return sql`(${value.text}::timestamp at time zone ${zone})`;
      case 'day': {
        // Where a clock goes back over midnight, a day begins at the first of two; PostgreSQL takes the second.
        const start = sql`(${value.text}::date + ${addedDays}::int)::timestamp`;
        const hourLater = sql`(${start} - interval '1 hour') at time zone ${zone} + interval '1 hour'`;
        return sql`least(${start} at time zone ${zone}, ${hourLater})`;
      }
      default:
        return sql`${value.text}::timestamptz`;
    }
  };
  return native === 'Timestamptz' ? point() : sql`(${point()} at time zone 'UTC')`;
}

/** Case does not count, and every character stands for itself. A collation of the column's own may refuse LIKE. */
function match(column: Sql, how: Match, text: string): Sql {
  const plain = text.replace(/[\\%_]/g, (character) => `\\${character}`);
  const pattern = how === 'contains' ? `%${plain}%` : how === 'starts with' ? `${plain}%` : `%${plain}`;
  return sql`${column}::text collate "default" ilike ${pattern}`;
}

/** True or false, never neither: a list that is null holds nothing. */
function has(column: Sql, { type, native, isList }: ViewColumn, value: Value, question: Question): Sql {
  if (isList && type === 'DateTime')
    return sql`exists (select from unnest(${column}) as element(value) where ${timeComparison(raw('element.value'), native, '=', value, question)})`;
  const text = value.kind === 'exact' ? value.text : '';
  if (isList && type === 'Json')
    return sql`exists (select from unnest(${column}) as element(value) where ${toJsonb(raw('element.value'), native)} = any(${jsonMeanings(text)}::jsonb[]))`;
  if (isList) return sql`(${column} is not null and ${column} @> ${[text]})`;
  const json = toJsonb(column, native);
  const inArray = isJson(text)
    ? sql` or (jsonb_typeof(${json}) = 'array' and ${json} @> ${text}::jsonb)`
    : raw('');
  return sql`(${column} is not null and (${json} ? ${text}${inArray}))`;
}

/** Escapes of NUL and of halves of characters, which `json` holds and `jsonb` refuses. */
const NO_CHARACTER = String.raw`(?<!\\)((?:\\\\)*)(?:\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})`;

function toJsonb(json: Sql, native: string | undefined): Sql {
  if (native !== 'Json') return json;
  return sql`regexp_replace(${json}::text, ${NO_CHARACTER}, ${String.raw`\1\\ufffd`}, 'gi')::jsonb`;
}

/** A number, true, false or null: what an array of JSON may hold besides text. */
function isJson(text: string): boolean {
  return /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d{1,3})?)$/.test(text);
}

/** What a text may mean as an element: the text itself, and the JSON that it is. */
function jsonMeanings(text: string): string[] {
  const asText = JSON.stringify(text.replaceAll('\0', '\ufffd').toWellFormed());
  try {
    JSON.parse(text);
    return text.includes(String.raw`\u`) ? [asText] : [asText, text];
  } catch {
    return [asText];
  }
}

function isPresent(relations: ViewRelationPath, tables: Columns): Sql {
  const relation = relations.at(-1);
  if (relation?.join.kind !== 'columns') return raw('true');
  const alias = tables.reach(relations);
  const columns = relation.join.pairs.map(({ there }) => raw(`${alias}.${String(there)} is not null`));
  return sql`(${join(columns, ' and ')})`;
}

type ViewRelationPath = Extract<Condition, { kind: 'missing' }>['relations'];

/** `every` means that no related row fails to meet the condition; one for which it is undecided fails. */
function writeRelated({ relations, quantifier, term }: Leaf & { kind: 'related' }, writing: Writing): Sql {
  const relation = relations.at(-1) as ViewRelationPath[number];
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

/** What may be null under a negation, and so keeps rows from being found that a reader may expect. */
export interface Undecidable {
  names: readonly string[];
  /** False for required relations alone: they lead nowhere only where no foreign key guards them. */
  isExpected: boolean;
}

export function listUndecidable(condition: Condition): Undecidable {
  const parts = listParts(condition, false);
  const optional = parts.filter(({ isRequired }) => !isRequired);
  const isExpected = optional.length > 0;
  return { names: [...new Set((isExpected ? optional : parts).map(({ name }) => name))], isExpected };
}

interface Part {
  name: string;
  isRequired: boolean;
}

function listParts(condition: Condition, negated: boolean): Part[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.terms.flatMap((term) => listParts(term, negated));
    case 'not':
      return listParts(condition.term, true);
    case 'compare':
    case 'in':
    case 'match': {
      const { reference } = condition;
      const column = { name: nameOf(reference), isRequired: reference.column.isRequired };
      const parts = [...listSteps(reference.relations), ...(column.isRequired ? [] : [column])];
      return isNegative(condition, negated) ? parts : [];
    }
    case 'related':
      return isNegative(condition, negated) ? listSteps(condition.relations.slice(0, -1)) : [];
    default:
      return [];
  }
}

function listSteps(relations: ViewRelationPath): Part[] {
  return relations.map(({ isRequired }, at) => ({
    name: relations
      .slice(0, at + 1)
      .map(({ name }) => name)
      .join('.'),
    isRequired,
  }));
}
