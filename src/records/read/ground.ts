import { sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import { nameOf, type Condition } from '../filter/condition.js';
import { showUnseen } from '../../visible-text.js';
import type { NamedModel } from '../records.js';
import { writeCondition } from '../sql/condition.js';
import type { Question } from '../sql/question.js';
import { Aliases, Tables } from '../sql/tables.js';
import { nearestWords } from '../../capability/nearest.js';
import type { ViewModel } from '../view/view.js';
import type { Patience } from './patience.js';

const ROWS_LOOKED_AT = 10_000;
const VALUES_COMPARED = 1000;
const VALUES_NAMED = 5;
const CONDITIONS_EXPLAINED = 2;
const LONGEST_VALUE = 80;

/**
 * Names existing values that are like those of a question that found nothing, so that the next one can be right. They are
 * read as all rows are: under the same rights and bounds, from visible columns only.
 */
export async function groundValues(
  { model, source }: NamedModel,
  condition: Condition | undefined,
  question: Question,
  patience: Patience,
): Promise<string[]> {
  const equalities = condition ? listEqualities(condition).slice(0, CONDITIONS_EXPLAINED) : [];
  const notes = await Promise.all(
    equalities.map(async (equality) => {
      const statement = writeValues(model, equality, question);
      const rows = (await patience((reader) => source.read(statement, reader))) ?? [];
      // One that is there was not what kept all rows from being found.
      if (rows.some(({ equal }) => equal === 'true')) return [];
      const sought = (equality.texts[0] ?? '').slice(0, LONGEST_VALUE);
      const known = rows.flatMap(({ value }) => value ?? []);
      const nearest = nearestWords(sought, known, VALUES_NAMED);
      if (nearest.length === 0) return [];
      const isWhole = Number(rows[0]?.['seen']) <= ROWS_LOOKED_AT;
      const none = isWhole ? 'No row has' : `None of the ${ROWS_LOOKED_AT} rows looked at has`;
      return [
        `${none} ${nameOf(equality.condition.reference)} = ${quote(sought)}. There is ${nearest.map(quote).join(', ')}.`,
      ];
    }),
  );
  return notes.flat();
}

interface Equality {
  condition: Extract<Condition, { kind: 'compare' | 'in' }>;
  texts: string[];
}

/** Equalities on text that every row would have to meet. Enums are known from the schema. */
function listEqualities(condition: Condition): Equality[] {
  if (condition.kind === 'and') return condition.terms.flatMap(listEqualities);
  if (condition.kind !== 'in' && !(condition.kind === 'compare' && condition.operator === '=')) return [];
  const { type, native, isList } = condition.reference.column;
  if (type !== 'String' || isList || native === 'Uuid') return [];
  const values = condition.kind === 'in' ? condition.values : [condition.value];
  return [{ condition, texts: values.flatMap((value) => (value.kind === 'exact' ? [value.text] : [])) }];
}

/** The column's own equality says whether a value is there: it may take `Ada` and `ADA` for the same. */
function writeValues(model: ViewModel, { condition }: Equality, question: Question): Sql {
  const tables = new Tables(model, new Aliases());
  const value = sql`left(${tables.column(condition.reference)}::text, ${LONGEST_VALUE}::int)`;
  const equal = writeCondition(condition, tables, question);
  const rows = sql`select ${value} as value, (${equal}) as equal from ${tables.from()} limit ${ROWS_LOOKED_AT + 1}::int`;
  return sql`select value, bool_or(equal)::text as equal, (sum(count(*)) over ())::text as seen from (${rows}) as looked_at group by value order by bool_or(equal) desc nulls last limit ${VALUES_COMPARED}::int`;
}

/** As a filter takes it, on one line. */
function quote(value: string): string {
  return `'${showUnseen(value.replaceAll("'", "''"))}'`;
}
