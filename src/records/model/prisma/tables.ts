import type { Join, TableName } from '../schema.js';
import type { PrismaField, PrismaModel } from './parse.js';

/** What tells the rows of a model apart, by field name; the primary key first. */
export function keysOf({ primaryKey, uniqueFields, fields }: PrismaModel): string[][] {
  const id = fields.filter(({ isId }) => isId).map(({ name }) => name);
  const unique = fields.filter(({ isUnique }) => isUnique).map(({ name }) => [name]);
  const primary = primaryKey?.fields ?? id;
  const keys = [...(primary.length > 0 ? [primary] : []), ...unique, ...uniqueFields];
  return [...new Map(keys.map((key) => [key.join(), key])).values()];
}

/** `undefined` if the author's `@ignore` took what the relation stands on. */
export function joinOf(model: PrismaModel, field: PrismaField, target: PrismaModel): Join | undefined {
  const opposite = target.fields.find(
    (other) =>
      other.relationName === field.relationName &&
      other.type === model.name &&
      (target !== model || other.name !== field.name),
  );
  const own = field.relationFromFields ?? [];
  if (own.length > 0) return pairUp(model, own, target, field.relationToFields ?? [], true);
  const theirs = opposite?.relationFromFields ?? [];
  if (theirs.length > 0) return pairUp(model, opposite?.relationToFields ?? [], target, theirs, false);
  if (!field.isList || !opposite?.isList) return undefined;
  return joinByTable(model, field, target, opposite);
}

function pairUp(
  model: PrismaModel,
  here: string[],
  target: PrismaModel,
  there: string[],
  refers: boolean,
): Join | undefined {
  const pairs = here.map((name, at) => ({
    here: columnNamed(model, name),
    there: columnNamed(target, there[at]),
  }));
  const known = pairs.filter((pair): pair is { here: string; there: string } =>
    Boolean(pair.here && pair.there),
  );
  return known.length === pairs.length ? { kind: 'columns', pairs: known, refers } : undefined;
}

/** Prisma's manual, "Implicit many-to-many": table `_Name`, column A for the model (or field) that sorts first. */
function joinByTable(
  model: PrismaModel,
  field: PrismaField,
  target: PrismaModel,
  opposite: PrismaField,
): Join | undefined {
  const isFirst = model === target ? field.name < opposite.name : model.name < target.name;
  const hereKey = keysOf(model)[0]?.[0];
  const thereKey = keysOf(target)[0]?.[0];
  const hereColumn = columnNamed(model, hereKey);
  const thereColumn = columnNamed(target, thereKey);
  if (!hereColumn || !thereColumn) return undefined;
  const { schema } = tableOf(isFirst ? model : target);
  return {
    kind: 'table',
    table: { schema, name: `_${field.relationName}` },
    here: isFirst ? 'A' : 'B',
    there: isFirst ? 'B' : 'A',
    hereKey: hereColumn,
    thereKey: thereColumn,
  };
}

export function tableOf({ name, dbName, schema }: PrismaModel): TableName {
  return { schema: schema ?? undefined, name: dbName ?? name };
}

export function columnOf({ name, dbName }: PrismaField): string {
  return dbName ?? name;
}

function columnNamed(model: PrismaModel, name: string | undefined): string | undefined {
  const field = model.fields.find((other) => other.name === name);
  return field && columnOf(field);
}
