import { refuse, splitList, splitPath } from '../argument.js';
import { nameOf, type Reference } from '../filter/condition.js';
import { describeType } from '../filter/resolve-filter.js';
import type { OrderKey } from '../sql/position.js';
import { resolveOpenColumn } from '../view/resolve.js';
import type { ViewColumn, ViewModel } from '../view/view.js';

const ARGUMENT = 'order_by';
const MOST_KEYS = 5;

export interface Order {
  keys: readonly OrderKey[];
  /** False where no visible key tells rows apart: then there are no pages. */
  isTotal: boolean;
}

/**
 * Reads `placedAt desc, id`. The model's first visible key is added, so that no two rows are equal.
 * @throws StewardError VALIDATION
 */
export function readOrder(model: ViewModel, text: string | readonly string[] | undefined): Order {
  const parts = text === undefined ? [] : splitList(text, ARGUMENT);
  if (parts.length > MOST_KEYS)
    refuse(`At most ${MOST_KEYS} fields give the order.`, { at: undefined }, ARGUMENT);
  const keys = parts.map((part) => readKey(model, part));
  const unique = model.keys.find((key) => key.every(({ isRequired }) => isRequired)) ?? [];
  const named = new Set(keys.map(({ reference }) => nameOf(reference)));
  const added = unique
    .filter(({ name }) => !named.has(name))
    .map((column): OrderKey => ({ reference: { relations: [], column }, descending: false }));
  return { keys: [...keys, ...added], isTotal: unique.length > 0 };
}

function readKey(model: ViewModel, text: string): OrderKey {
  const { path, descending } = readDirection(text, ARGUMENT);
  const reference: Reference = resolveOpenColumn(model, splitPath(path), ARGUMENT);
  const { column } = reference;
  if (!hasOrder(column))
    refuse(`'${column.name}' is ${describeType(column)}, which has no order.`, { at: undefined }, ARGUMENT);
  return { reference, descending };
}

/** @throws StewardError VALIDATION */
export function readDirection(text: string, argument: string): { path: string; descending: boolean } {
  const [, path, direction = 'asc'] = /^(\S+|.*[`)])(?:\s+(asc|desc))?$/i.exec(text) ?? [];
  if (path === undefined)
    refuse(`Write a field and asc or desc, not '${text.slice(0, 60)}'.`, { at: undefined }, argument);
  return { path, descending: direction.toLowerCase() === 'desc' };
}

export function hasOrder({ type, native, isList }: ViewColumn): boolean {
  return !isList && type !== 'Json' && type !== 'Bytes' && native !== 'Xml';
}
