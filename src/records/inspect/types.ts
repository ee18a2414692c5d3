import type { ViewColumn } from '../view/view.js';
import type { CatalogueColumn } from './catalogue.js';

/** PostgreSQL's names of the types that a field may have. A native type that is named here has those alone. */
const BY_NATIVE: Record<string, readonly string[]> = {
  Timestamptz: ['timestamptz'],
  Date: ['date'],
  Time: ['time'],
  Timetz: ['timetz'],
  Uuid: ['uuid'],
  Inet: ['inet'],
  Bit: ['bit'],
  VarBit: ['varbit'],
  Xml: ['xml'],
  Money: ['money'],
};

const BY_TYPE: Record<Exclude<ViewColumn['type'], 'Enum'>, readonly string[]> = {
  String: ['text', 'varchar', 'bpchar', 'citext', 'name'],
  Boolean: ['bool'],
  Int: ['int4', 'int2', 'oid'],
  BigInt: ['int8', 'int4', 'int2'],
  Float: ['float8', 'float4'],
  Decimal: ['numeric'],
  DateTime: ['timestamp'],
  Json: ['jsonb', 'json'],
  Bytes: ['bytea'],
};

/** Says how a column of the database differs from its field; undefined if they agree. */
export function describeColumnDifference(column: ViewColumn, found: CatalogueColumn): string | undefined {
  return describeTypeDifference(column, found) ?? describeNullDifference(column, found);
}

function describeTypeDifference(column: ViewColumn, found: CatalogueColumn): string | undefined {
  const { type, native, values, isList } = column;
  if (isList !== found.isList)
    return `is ${article(found)} in the database, and ${listed(isList)} in the schema`;
  if (type === 'Enum') {
    if (found.labels.length === 0)
      return `is ${found.type} in the database, and the enum ${values?.name} in the schema`;
    return describeLabels(values?.values.map(({ stored }) => stored) ?? [], found.labels);
  }
  const known = BY_NATIVE[native ?? ''] ?? BY_TYPE[type];
  if (known.includes(found.type)) return undefined;
  return `is ${found.type} in the database, where the schema has ${known[0]}`;
}

/** To Prisma, a list that is null is an empty one. */
function describeNullDifference(
  { isRequired, isList }: ViewColumn,
  found: CatalogueColumn,
): string | undefined {
  if (!isRequired || isList || found.isRequired) return undefined;
  return 'may be null in the database, and is required in the schema; pages in its order may lack rows';
}

function article({ type, isList }: CatalogueColumn): string {
  return isList ? `a list of ${type}` : `one ${type}`;
}

function listed(isList: boolean): string {
  return isList ? 'a list' : 'no list';
}

function describeLabels(schema: readonly string[], database: readonly string[]): string | undefined {
  const unknown = database.filter((label) => !schema.includes(label));
  const missing = schema.filter((label) => !database.includes(label));
  const parts = [
    ...(unknown.length > 0 ? [`the database has ${unknown.join(', ')}, which the schema lacks`] : []),
    ...(missing.length > 0 ? [`the schema has ${missing.join(', ')}, which the database lacks`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}
