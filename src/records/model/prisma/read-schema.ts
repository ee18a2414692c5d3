import type { Column, Comment, Enum, Field, Model, Relation, Schema, StrayComment } from '../schema.js';
import { SchemaError } from '../schema-error.js';
import { numberComments, type NumberedComment } from './comments.js';
import { readDeclarations } from './declarations.js';
import type { SchemaFile } from './files.js';
import { parse, type PrismaDataModel, type PrismaField, type PrismaModel } from './parse.js';
import { columnOf, joinOf, keysOf, tableOf } from './tables.js';

/**
 * Reads a Prisma schema. Generators and URLs in it are left alone: nothing is generated, and no address is taken from it.
 * @param defaultSchema the PostgreSQL schema of models that name none; absent, the search path decides
 * @throws SchemaError
 */
export function readPrismaSchema(files: readonly SchemaFile[], defaultSchema?: string): Schema {
  if (files.length === 0) throw new SchemaError('The schema has no file.');
  const plain = files.map(({ name, text }) => ({ name, text: normalise(text) }));
  plain.forEach(assertPostgres);
  const comments: NumberedComment[] = [];
  const numbered = plain.map((file) => ({ ...file, text: numberComments(file, comments) }));
  return toSchema(parse(numbered, plain), { files: numbered, comments, defaultSchema });
}

/** Editors of Windows write a mark of the byte order, and ends of lines of their own. */
function normalise(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
}

/** The words of `provider` for the one database that Steward knows. */
const POSTGRES = ['postgresql', 'postgres'];

function assertPostgres({ name, text }: SchemaFile): void {
  const provider = /^\s*datasource\s+\w+\s*\{[^}]*?^\s*provider\s*=\s*"(\w+)"/m.exec(text)?.[1];
  if (provider !== undefined && !POSTGRES.includes(provider))
    throw new SchemaError(`${name}: this schema is for ${provider}. Steward serves PostgreSQL.`);
}

interface ReadFiles {
  /** Their comments are numbered. */
  files: readonly SchemaFile[];
  comments: readonly NumberedComment[];
  defaultSchema: string | undefined;
}

function toSchema(
  { enums: declaredEnums, models: declared, indexes }: PrismaDataModel,
  { files, comments, defaultSchema }: ReadFiles,
): Schema {
  const enums = new Map<string, Enum>(
    declaredEnums.map(({ name, values }) => [
      name,
      { name, values: values.map((value) => ({ name: value.name, stored: value.dbName ?? value.name })) },
    ]),
  );
  const models = new Map(
    declared.map((model) => [model.name, { ...model, schema: model.schema ?? defaultSchema ?? null }]),
  );
  const { find, isView, withheld, isWithheldAt } = readDeclarations(files, models);
  const documenting = new Set<NumberedComment>();
  const linesOf = (documentation = ''): Comment[] =>
    [...documentation.matchAll(/#(\d+)/g)].flatMap(([, number]) => {
      const comment = comments[Number(number)];
      if (!comment) return [];
      documenting.add(comment);
      return comment.lines;
    });
  const toModel = (model: PrismaModel): Model => ({
    name: model.name,
    table: tableOf(model),
    isView: isView(model.name),
    documentation: linesOf(model.documentation),
    source: find(model.name),
    fields: model.fields.flatMap((field) => toField(model, field) ?? []),
    withheld: withheld(model),
    keys: keysOf(model),
    indexes: indexes
      // The other kinds have no order, and operators of their own.
      .filter(({ model: of, algorithm = 'BTree' }) => of === model.name && algorithm === 'BTree')
      .map(({ fields }) => fields.map(({ name }) => name)),
  });
  const toField = (model: PrismaModel, field: PrismaField): Field | undefined => {
    const { name, isList, isRequired } = field;
    const shared = {
      name,
      isList,
      isRequired,
      documentation: linesOf(field.documentation),
      source: find(model.name, name),
    };
    if (field.kind === 'unsupported') return undefined;
    if (field.kind !== 'object') {
      return {
        ...shared,
        kind: 'column',
        column: columnOf(field),
        type: field.kind === 'enum' ? 'Enum' : (field.type as Column['type']),
        values: enums.get(field.kind === 'enum' ? field.type : ''),
        native: field.nativeType?.[0],
        generatedFrom: expressionOf(field.default),
      };
    }
    const target = models.get(field.type);
    const join = target && joinOf(model, field, target);
    if (!join) return undefined;
    return { ...shared, kind: 'relation', target: target.name, join } satisfies Relation;
  };
  const read = [...models.values()].map(toModel);
  const strayComments = comments
    .filter((comment) => !documenting.has(comment))
    .flatMap(({ lines, isPlain }) =>
      lines.map((line): StrayComment => {
        const why = isPlain ? 'plain' : isWithheldAt(line.source) ? 'withheld' : 'detached';
        return { ...line, why };
      }),
    );
  return { models: read, enums, strayComments };
}

function expressionOf(value: unknown): string | undefined {
  const { name, args } = Object(value) as { name?: string; args?: string[] };
  return name === 'dbgenerated' ? (args?.[0] ?? '') : undefined;
}
