import type { Column, ColumnName, Model } from '../model/schema.js';
import type { ColumnExposure, DecidedModel } from './exposure.js';

/** Closes columns that would tell what a hidden or masked one holds, until there is none. */
export function closeCopies(
  models: readonly DecidedModel[],
  find: (name: string) => DecidedModel | undefined,
  onDifference: (difference: string) => void,
): void {
  const close = (model: DecidedModel) => hideDerived(model) || closeReferring(model, find, onDifference);
  while (models.some(close));
}

/** The database makes a column from others: one that names a closed column is hidden. @returns true if there was one */
function hideDerived({ model, columns: decided }: DecidedModel): boolean {
  const columns = model.fields.filter((field) => field.kind === 'column');
  const closed = [...columns.filter(({ name }) => isClosed(decided, name)), ...model.withheld];
  const derived = columns.find(
    ({ name, generatedFrom = '' }) =>
      decided.has(name) && closed.some((column) => isNamedIn(generatedFrom, column)),
  );
  return derived !== undefined && decided.delete(derived.name);
}

/** A foreign key holds what the key does that it refers to, and is closed as that is. @returns true if there was one */
function closeReferring(
  { model, isExposed, columns: decided }: DecidedModel,
  find: (name: string) => DecidedModel | undefined,
  onDifference: (difference: string) => void,
): boolean {
  for (const relation of model.fields) {
    if (relation.kind === 'column' || relation.join.kind !== 'columns' || !relation.join.refers) continue;
    const target = find(relation.target);
    for (const { here, there } of relation.join.pairs) {
      const own = columnNamed(model, here);
      const key = target && columnNamed(target.model, there);
      if (!own || !key || isClosed(decided, own.name) || !isClosed(target.columns, key.name)) continue;
      const { untrusted = false } = decided.get(own.name) ?? {};
      const masked = target.columns.has(key.name);
      if (masked) decided.set(own.name, { masked, untrusted });
      else decided.delete(own.name);
      if (isExposed)
        onDifference(
          `${model.name}.${own.name} holds what ${target.model.name}.${key.name} does: it is ${masked ? 'masked' : 'hidden'}, too.`,
        );
      return true;
    }
  }
  return false;
}

/** True for what is hidden, and for what is masked. */
function isClosed(decided: ReadonlyMap<string, ColumnExposure>, name: string): boolean {
  return decided.get(name)?.masked !== false;
}

function columnNamed({ fields }: Model, column: string): Column | undefined {
  return fields.find((field): field is Column => field.kind === 'column' && field.column === column);
}

/** A name that SQL has to quote is looked for as it is quoted, any other as a word. */
function isNamedIn(expression: string, { name, column }: ColumnName): boolean {
  const words: string[] = expression.toLowerCase().match(/[\p{L}\d_$]+/gu) ?? [];
  return (
    words.includes(name.toLowerCase()) ||
    words.includes(column.toLowerCase()) ||
    expression.includes(`"${column.replaceAll('"', '""')}"`)
  );
}
