import { sqltag as sql, type Sql } from '@prisma/client/runtime/client';
import type { Condition, Reference } from '../filter/condition.js';
import { nameOf } from '../filter/condition.js';
import { showUnseen } from '../../visible-text.js';
import type { NamedModel } from '../records.js';
import { Aliases, Tables } from '../sql/tables.js';
import { nearestWords } from '../../capability/nearest.js';
import type { ViewModel } from '../view/view.js';

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
  signal: AbortSignal,
): Promise<string[]> {
  const equalities = condition ? listEqualities(condition).slice(0, CONDITIONS_EXPLAINED) : [];
  const notes = await Promise.all(
    equalities.map(async ({ reference, texts }) => {
      const rows = await source.read(writeValues(model, reference), signal);
      const known = rows.flatMap(({ value }) => (value === null || value === undefined ? [] : [value]));
      if (texts.some((text) => known.includes(text))) return [];
      const nearest = nearestWords(texts[0] ?? '', known, VALUES_NAMED);
      return nearest.length === 0
        ? []
        : [
            `No row has ${nameOf(reference)} = ${quote(texts[0] ?? '')}. There is ${nearest.map(quote).join(', ')}.`,
          ];
    }),
  );
  return notes.flat();
}

/** Equalities on text that every row would have to meet. Enums are known from the schema. */
function listEqualities(condition: Condition): { reference: Reference; texts: string[] }[] {
  if (condition.kind === 'and') return condition.terms.flatMap(listEqualities);
  const { kind } = condition;
  if (kind !== 'in' && !(kind === 'compare' && condition.operator === '=')) return [];
  const { reference } = condition;
  const { type, native, isList } = reference.column;
  if (type !== 'String' || isList || native === 'Uuid') return [];
  const values = kind === 'in' ? condition.values : [condition.value];
  return [{ reference, texts: values.flatMap((value) => (value.kind === 'exact' ? [value.text] : [])) }];
}

function writeValues(model: ViewModel, reference: Reference): Sql {
  const tables = new Tables(model, new Aliases());
  const value = sql`left(${tables.column(reference)}::text, ${LONGEST_VALUE}::int)`;
  return sql`select distinct value from (select ${value} as value from ${tables.from()} limit ${ROWS_LOOKED_AT}::int) as looked_at where value is not null limit ${VALUES_COMPARED}::int`;
}

/** As a filter takes it, on one line. */
function quote(value: string): string {
  return `'${showUnseen(value.replaceAll("'", "''"))}'`;
}
