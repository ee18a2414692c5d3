import { suggest } from '../../capability/nearest.js';
import { OperatorError } from '../../errors.js';
import type { Model } from '../../records/model/schema.js';
import { readModelMarks } from '../../records/view/marks.js';

/**
 * The models of a list such as `Order, Customer`.
 * @param models by the name that they have in the list
 * @throws OperatorError naming one that is not there, and the nearest
 */
export function findModels(models: ReadonlyMap<string, Model>, list: string): Model[] {
  const names = list.split(/[\s,]+/).filter((name) => name !== '');
  if (names.length === 0)
    throw new OperatorError('--expose names no model, such as --expose Order,Customer.');
  return names.map((name) => {
    const found = models.get(name);
    if (found) return found;
    throw new OperatorError(`The schema has no model '${name}'.${suggest(name, models.keys())}`);
  });
}

/** Whether the schema itself exposes it. */
export function isMarked({ documentation }: Model): boolean {
  return readModelMarks(documentation).expose === true;
}
