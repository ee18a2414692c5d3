import { StewardError } from '../../errors.js';
import { nameOf, type Condition, type Reference } from '../filter/condition.js';
import type { ViewModel } from '../view/view.js';

/**
 * Runs a read. If it runs out of time, the error says which of the fields it used begin an index, so that the next question
 * can begin with one.
 */
export async function explainTimeout<Result>(
  model: ViewModel,
  used: readonly Reference[],
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StewardError) || error.code !== 'TIMEOUT' || used.length === 0) throw error;
    throw new StewardError('TIMEOUT', `${error.message} ${describeUse(model, used)}`, error.options);
  }
}

function describeUse({ indexes }: ViewModel, used: readonly Reference[]): string {
  const leading = new Set(indexes.map(([first]) => first?.name));
  const isIndexed = ({ relations, column }: Reference) => relations.length === 0 && leading.has(column.name);
  const indexed = listNames(used.filter(isIndexed));
  const others = listNames(used.filter((reference) => !isIndexed(reference)));
  const begun = [...leading].filter((name) => name !== undefined).join(', ');
  return [
    ...(indexed === '' ? [] : [`Indexed: ${indexed}.`]),
    ...(others === '' ? [] : [`Not indexed: ${others}.`]),
    ...(begun === '' ? [] : [`Narrow the filter by one of ${begun}.`]),
  ].join(' ');
}

function listNames(references: readonly Reference[]): string {
  return [...new Set(references.map(nameOf))].join(', ');
}

/** The columns that a condition reads of its model, by its own fields and to-one paths. */
export function listReferences(condition: Condition | undefined): Reference[] {
  if (!condition) return [];
  if ('terms' in condition) return condition.terms.flatMap(listReferences);
  if (condition.kind === 'not') return listReferences(condition.term);
  return 'reference' in condition ? [condition.reference] : [];
}
