import { suggest } from '../../capability/nearest.js';
import { OperatorError } from '../../errors.js';
import type { Model } from '../../records/model/schema.js';
import { readModelMarks } from '../../records/view/marks.js';

/** The models of a list such as `Order, Customer`. @throws OperatorError naming one that is not there, and the nearest */
export function findModels(models: readonly Model[], list: string): Model[] {
  return list.split(',').map((text) => {
    const name = text.trim();
    const found = models.find((model) => model.name === name);
    if (found) return found;
    const names = models.map((model) => model.name);
    throw new OperatorError(`The schema has no model '${name}'.${suggest(name, names)}`);
  });
}

/** Whether the schema itself exposes it. */
export function isMarked({ documentation }: Model): boolean {
  return readModelMarks(documentation).expose === true;
}
