import { suggest } from '../../capability/nearest.js';
import type { ViewColumn, ViewField, ViewModel, ViewRelation } from './view.js';
import { MOST_RELATIONS, refuse, type Path } from '../argument.js';

/**
 * Looks a path up. Hidden and absent are the same, in the same words.
 * @throws StewardError VALIDATION naming the nearest visible name
 */
export function resolvePath(
  model: ViewModel,
  path: Path,
  argument: string,
): { relations: ViewRelation[]; field: ViewField } {
  const { segments } = path;
  const relations: ViewRelation[] = [];
  let owner = model;
  for (const [index, name] of segments.entries()) {
    const field = owner.fields.get(name);
    if (!field)
      refuse(
        `${owner.name} has no field '${name.slice(0, 60)}'.${suggest(name, owner.fields.keys())} describe_models names its fields.`,
        path,
        argument,
      );
    if (index === segments.length - 1) return { relations, field };
    if (field.kind === 'column')
      refuse(`'${name}' is no relation, so nothing can follow it.`, path, argument);
    if (field.isList)
      refuse(
        `'${name}' leads to many records: write ${name} some (…), none (…) or every (…).`,
        path,
        argument,
      );
    if (relations.length === MOST_RELATIONS)
      refuse(`A path leads over at most ${MOST_RELATIONS} relations.`, path, argument);
    relations.push(field);
    owner = field.target();
  }
  return refuse('A name is missing.', path, argument);
}

/** As resolvePath, for a column; it may be masked. @throws StewardError VALIDATION */
export function resolveColumn(
  model: ViewModel,
  path: Path,
  argument: string,
): { relations: ViewRelation[]; column: ViewColumn } {
  const { relations, field } = resolvePath(model, path, argument);
  if (field.kind === 'column') return { relations, column: field };
  return refuse(
    `'${path.segments.join('.')}' is a record of ${field.target().name}: name one of its fields, as ${path.segments.join('.')}.${[...field.target().fields.keys()][0] ?? '…'}.`,
    path,
    argument,
  );
}

/** As resolveColumn, for a column whose values may be compared. @throws StewardError VALIDATION for one that is masked */
export function resolveOpenColumn(
  model: ViewModel,
  path: Path,
  argument: string,
): { relations: ViewRelation[]; column: ViewColumn } {
  const found = resolveColumn(model, path, argument);
  if (found.column.masked)
    refuse(`'${found.column.name}' is masked: it can be selected, and nothing else.`, path, argument);
  return found;
}
