import { refuse, splitCall, splitList, splitPath } from '../argument.js';
import { nameOf, type Reference } from '../filter/condition.js';
import type { Include } from '../sql/find.js';
import { resolveColumn, resolvePath } from '../view/resolve.js';
import type { ViewColumn, ViewModel } from '../view/view.js';

const MOST_COLUMNS = 60;
const MOST_INCLUDES = 3;
const nowhere = { at: undefined };

/** A column of an answer: what it shows, under the name it was asked by. */
export interface Selected {
  name: string;
  reference: Reference;
}

/**
 * Reads `id, customer.name`. Without it all visible columns are selected but long ones.
 * @throws StewardError VALIDATION
 */
export function readFields(
  model: ViewModel,
  fields: string | readonly string[] | undefined,
  argument = 'fields',
): Selected[] {
  const parts = fields === undefined ? [] : splitList(fields, argument);
  const references =
    parts.length > 0 ? parts.map((part) => readColumn(model, part, argument)) : byDefault(model);
  if (references.length > MOST_COLUMNS)
    refuse(`At most ${MOST_COLUMNS} fields are shown.`, nowhere, argument);
  const selected = new Map(references.map((reference) => [nameOf(reference), reference]));
  return [...selected].map(([name, reference]) => ({ name, reference }));
}

/** All fields, long ones too, for one record. */
export function allFields(model: ViewModel): Selected[] {
  return columnsOf(model).map((column) => ({ name: column.name, reference: { relations: [], column } }));
}

function readColumn(model: ViewModel, text: string, argument: string): Reference {
  return resolveColumn(model, splitPath(text), argument);
}

function byDefault(model: ViewModel): Reference[] {
  const columns = columnsOf(model);
  const short = columns.filter((column) => !isLong(column));
  return (short.length > 0 ? short : columns)
    .slice(0, MOST_COLUMNS)
    .map((column) => ({ relations: [], column }));
}

function columnsOf(model: ViewModel): ViewColumn[] {
  return [...model.fields.values()].filter((field) => field.kind === 'column');
}

function isLong({ type, native, masked }: ViewColumn): boolean {
  return !masked && (type === 'Json' || type === 'Bytes' || native === 'Text' || native === 'Xml');
}

export interface SelectedInclude extends Include {
  /** Its heading: the relation and its columns, as `items(qty, product.name)`. */
  name: string;
  fields: readonly Selected[];
}

/**
 * Reads `items(qty, product.name)`.
 * @throws StewardError VALIDATION
 */
export function readIncludes(
  model: ViewModel,
  include: string | readonly string[] | undefined,
): SelectedInclude[] {
  const argument = 'include';
  const parts = include === undefined ? [] : splitList(include, argument);
  if (parts.length > MOST_INCLUDES)
    refuse(`At most ${MOST_INCLUDES} relations are included.`, nowhere, argument);
  return parts.map((part) => {
    const { word: name = part, inner } = splitCall(part) ?? {};
    const { relations, field } = resolvePath(model, splitPath(name), argument);
    if (field.kind === 'column' || relations.length > 0)
      refuse(
        `'${name}' is no relation of ${model.name}; name fields over to-one relations in fields instead.`,
        nowhere,
        argument,
      );
    const fields = readFields(field.target(), inner, argument);
    const heading = `${field.name}(${fields.map((column) => column.name).join(', ')})`;
    return { relation: field, columns: fields.map(({ reference }) => reference), fields, name: heading };
  });
}
