import type { Context } from '../../capability/define.js';
import type { Condition } from '../filter/condition.js';
import { resolveFilter } from '../filter/resolve-filter.js';
import type { Filter } from '../filter/syntax.js';
import type { NamedModel, Records } from '../records.js';
import type { Services } from '../services.js';
import type { Reader } from '../source.js';
import { writeCount } from '../sql/find.js';
import type { Question } from '../sql/question.js';
import type { Views } from '../views.js';
import { beginPatience } from './patience.js';
import { questionOf } from './question-of.js';
import { explainTimeout, listReferences } from './slow.js';
import { describeUndecided } from './undecided.js';

const MOST_COUNTED = 10_000;

export interface CountInput {
  model: string;
  filter: Filter | undefined;
  time_zone?: string | undefined;
}

/** @throws StewardError VALIDATION */
export function planCount<From extends Views>(
  records: Records<From>,
  input: CountInput,
  scopes: ReadonlySet<string>,
) {
  const named = records.model(input.model, scopes);
  return { named, condition: input.filter && resolveFilter(named.model, input.filter, 'filter') };
}

/** @throws StewardError */
export async function countRecords(
  { records }: Services,
  input: CountInput,
  context: Context,
): Promise<{ notes: string[]; count: number; exact: boolean }> {
  const { named, condition } = planCount(records, input, context.scopes);
  const question = questionOf(named, input);
  const [counted, notes] = await Promise.all([
    countRows(named, condition, question, context),
    describeUndecided(named, condition, question, beginPatience(context)),
  ]);
  return { notes, ...counted };
}

/** Counts rows, exactly up to MOST_COUNTED. */
export async function countRows(
  { model, source }: NamedModel,
  condition: Condition | undefined,
  question: Question,
  reader: Reader,
): Promise<{ count: number; exact: boolean }> {
  const statement = writeCount(model, condition, MOST_COUNTED, question);
  const used = listReferences(condition);
  const [row] = await explainTimeout(model, used, () => source.read(statement, reader));
  const counted = Number(row?.['count'] ?? 0);
  return { count: Math.min(counted, MOST_COUNTED), exact: counted <= MOST_COUNTED };
}
