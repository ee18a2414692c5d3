import type { Condition } from '../filter/condition.js';
import { listUndecidable } from '../filter/undecidable.js';
import type { NamedModel } from '../records.js';
import { writeCountUndecided } from '../sql/find.js';
import type { Question } from '../sql/question.js';
import type { Patience } from './patience.js';

/** Rows looked at. In a larger table the rows left out are not counted, only mentioned. */
const MOST_LOOKED_AT = 10_000;

/**
 * Says which rows a negation leaves out because a value is missing, as `status != PAID` leaves out those without status:
 * that is SQL's rule, and not what every reader expects.
 */
export async function describeUndecided(
  { model, source }: NamedModel,
  condition: Condition | undefined,
  question: Question,
  patience: Patience,
): Promise<string[]> {
  if (!condition) return [];
  const { names, isExpected } = listUndecidable(condition);
  if (names.length === 0) return [];
  const without = names.join(' or ');
  const statement = writeCountUndecided(model, condition, MOST_LOOKED_AT, question);
  const [row] = (await patience((reader) => source.read(statement, reader))) ?? [];
  const undecided = Number(row?.['undecided'] ?? 0);
  const isCounted = Number(row?.['seen'] ?? Infinity) <= MOST_LOOKED_AT;
  if (!isCounted && (isExpected || undecided > 0))
    return [`Rows without ${without} are not among these, since nothing is known of them.`];
  if (undecided === 0) return [];
  const rows = undecided === 1 ? '1 row without' : `${undecided} rows without`;
  return [`${rows} ${without} ${undecided === 1 ? 'is' : 'are'} not among these.`];
}
