import { createRequire } from 'node:module';
import { OperatorError } from '../../errors.js';
import type {
  Column,
  Comment,
  Enum,
  Field,
  Join,
  Model,
  Relation,
  Schema,
  Source,
  StrayComment,
  TableName,
} from './schema.js';

// All that Steward knows of Prisma's schema language and of its parser's format stands in this file.

/** A file of a schema. */
export interface SchemaFile {
  name: string;
  text: string;
}

/** The schema cannot be read. The message is for its author, and names file and line where they are known. */
export class SchemaError extends OperatorError {
  override readonly name = 'SchemaError';
}

/** Prisma's data model, as far as it is used here: `get_datamodel` of prisma-schema-wasm 7.10. */
interface PrismaDataModel {
  enums: { name: string; values: { name: string; dbName: string | null }[] }[];
  models: PrismaModel[];
  indexes: { model: string; fields: { name: string }[] }[];
}

interface PrismaModel {
  name: string;
  dbName: string | null;
  schema?: string | null;
  documentation?: string;
  fields: PrismaField[];
  primaryKey: { fields: string[] } | null;
  uniqueFields: string[][];
}

interface PrismaField {
  name: string;
  dbName?: string | null;
  kind: 'scalar' | 'enum' | 'object' | 'unsupported';
  type: string;
  nativeType?: [string, string[]] | null;
  isList: boolean;
  isRequired: boolean;
  isUnique: boolean;
  isId: boolean;
  documentation?: string;
  relationName?: string;
  relationFromFields?: string[];
  relationToFields?: string[];
  default?: unknown;
}

/** The words of `provider` for the one database that Steward knows. */
const POSTGRES = ['postgresql', 'postgres'];

/** Preview features that change what a schema may say. Those of other kinds concern generated clients. */
const PREVIEW_FEATURES = ['views', 'postgresqlExtensions', 'partialIndexes'];

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

interface NumberedComment {
  lines: readonly Comment[];
  isPlain: boolean;
}

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g;

/**
 * Replaces the text of each comment that may be documentation by its number. Where the parser has a number, the comment
 * documents something; where it has not, it stands where Prisma drops it.
 */
function numberComments({ name: file, text }: SchemaFile, comments: NumberedComment[]): string {
  let line = 1;
  let counted = 0;
  return text.replace(STRING_OR_COMMENT, (found, at: number) => {
    if (found.startsWith('"')) return found;
    line += text.slice(counted, at).split('\n').length - 1;
    counted = at;
    const isPlain = /^\/\/(?!\/)/.test(found);
    const isAlone = text.slice(text.lastIndexOf('\n', at) + 1, at).trim() === '';
    // Documented code that was commented out documents nothing.
    if (isPlain && isAlone && found.includes('///')) return found;
    const lines = found
      .replace(/^\/[/*]+|\*\/$/g, '')
      .split('\n')
      .map((one, index) => ({ text: one.trim(), source: { file, line: line + index } }));
    const number = comments.push({ lines, isPlain }) - 1;
    if (isPlain) return found;
    return found.startsWith('//') ? `/// #${number}` : `/* #${number}${'\n'.repeat(lines.length - 1)} */`;
  });
}

function assertPostgres({ name, text }: SchemaFile): void {
  const provider = /^\s*datasource\s+\w+\s*\{[^}]*?^\s*provider\s*=\s*"(\w+)"/m.exec(text)?.[1];
  if (provider !== undefined && !POSTGRES.includes(provider))
    throw new SchemaError(`${name}: this schema is for ${provider}. Steward serves PostgreSQL.`);
}

/** Blanks generators, and the addresses of data sources, line by line, so that lines keep their numbers. */
function adapt(text: string): string {
  let block = '';
  let open = 0;
  return text
    .split('\n')
    .map((line) => {
      const code = line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\/\/.*$/, '');
      block ||= /^\s*(generator|datasource)\s+\w+\s*\{/.exec(code)?.[1] ?? '';
      if (block === '') return line;
      open += code.split('{').length - code.split('}').length;
      const dropped = block === 'generator' || /^\s*(url|directUrl|shadowDatabaseUrl)\s*=/.test(code);
      if (open <= 0) block = '';
      return dropped ? '' : line;
    })
    .join('\n');
}

/** @param plain the same files as their author wrote them, for the words of the parser */
function parse(numbered: readonly SchemaFile[], plain: readonly SchemaFile[]): PrismaDataModel {
  const { get_datamodel } = createRequire(import.meta.url)('@prisma/prisma-schema-wasm') as {
    get_datamodel(request: string): string;
  };
  const generator = `generator steward {\n  provider = "prisma-client"\n  previewFeatures = ${JSON.stringify(PREVIEW_FEATURES)}\n}\n`;
  const read = (files: readonly SchemaFile[]) => {
    const adapted = files.map(({ name, text }) => [name, adapt(text)]);
    const request = { prismaSchema: [...adapted, ['steward.prisma', generator]] };
    return JSON.parse(get_datamodel(JSON.stringify(request))) as PrismaDataModel;
  };
  try {
    try {
      return read(numbered);
    } catch (error) {
      read(plain);
      throw error;
    }
  } catch (error) {
    throw new SchemaError(describeParserError(error), { cause: error });
  }
}

// oxlint-disable-next-line no-control-regex -- the parser colours its messages
const COLOUR = /\u001b\[[\d;]*m/g;

function describeParserError(error: unknown): string {
  const { message } = error as Error;
  try {
    return (JSON.parse(message) as { message: string }).message.replace(COLOUR, '').trim();
  } catch {
    return 'The parser of the schema ended without an answer.';
  }
}

interface ReadFiles {
  /** Their comments are numbered. */
  files: readonly SchemaFile[];
  comments: readonly NumberedComment[];
  defaultSchema: string | undefined;
}

function toSchema(
  { enums: enumsOf, models: declared, indexes }: PrismaDataModel,
  { files, comments, defaultSchema }: ReadFiles,
): Schema {
  const data = {
    enums: enumsOf,
    indexes,
    models: declared.map((model) => ({ ...model, schema: model.schema ?? defaultSchema ?? null })),
  };
  const enums = new Map<string, Enum>(
    data.enums.map(({ name, values }) => [
      name,
      { name, values: values.map((value) => ({ name: value.name, stored: value.dbName ?? value.name })) },
    ]),
  );
  const models = new Map(data.models.map((model) => [model.name, model]));
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
    indexes: data.indexes
      .filter((index) => index.model === model.name)
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
  const read = data.models.map(toModel);
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

function keysOf({ primaryKey, uniqueFields, fields }: PrismaModel): string[][] {
  const id = fields.filter(({ isId }) => isId).map(({ name }) => name);
  const unique = fields.filter(({ isUnique }) => isUnique).map(({ name }) => [name]);
  const primary = primaryKey?.fields ?? id;
  const keys = [...(primary.length > 0 ? [primary] : []), ...unique, ...uniqueFields];
  return [...new Map(keys.map((key) => [key.join(), key])).values()];
}

/** `undefined` if the author's `@ignore` took what the relation stands on. */
function joinOf(model: PrismaModel, field: PrismaField, target: PrismaModel): Join | undefined {
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

function tableOf({ name, dbName, schema }: PrismaModel): TableName {
  return { schema: schema ?? undefined, name: dbName ?? name };
}

function columnOf({ name, dbName }: PrismaField): string {
  return dbName ?? name;
}

function columnNamed(model: PrismaModel, name: string | undefined): string | undefined {
  const field = model.fields.find((other) => other.name === name);
  return field && columnOf(field);
}

function expressionOf(value: unknown): string | undefined {
  const { name, args } = Object(value) as { name?: string; args?: string[] };
  return name === 'dbgenerated' ? (args?.[0] ?? '') : undefined;
}

/** A line that is empty or a comment. */
const WITHOUT_CODE = /^\s*(\/\/.*|\/\*.*|\*\/)?\s*$/;

interface Declared extends Source {
  /** Its name in the database. */
  column: string;
}

/** Finds what Prisma's data model leaves out: the lines, and what it withholds, such as fields and models with `@ignore`. */
function readDeclarations(files: readonly SchemaFile[], read: ReadonlyMap<string, PrismaModel>) {
  const models = new Map<string, Source & { isView: boolean; last: number; fields: Map<string, Declared> }>();
  const linesOf = new Map(files.map(({ name, text }) => [name, text.split('\n')]));
  for (const [file, lines] of linesOf) {
    let model: { last: number; fields: Map<string, Declared> } | undefined;
    lines.forEach((code, at) => {
      const line = at + 1;
      const [, kind, opened] = /^\s*(model|view)\s+(\S+)\s*\{/.exec(code) ?? [];
      const field = /^\s*([^\s@/{}]+)\s/.exec(code)?.[1];
      if (opened !== undefined) {
        const isView = kind === 'view';
        const begun = { file, line, isView, last: line, fields: new Map<string, Declared>() };
        models.set(opened, begun);
        model = begun;
      } else if (/^\s*\}/.test(code)) {
        if (model) model.last = line;
        model = undefined;
      } else if (field !== undefined) {
        const mapped = /@map\(\s*(?:name\s*:\s*)?"((?:[^"\\]|\\.)*)"\s*\)/
          .exec(code)?.[1]
          ?.replace(/\\(.)/g, '$1');
        model?.fields.set(field, { file, line, column: mapped ?? field });
      }
    });
  }
  const unknown: Source = { file: files[0]?.name ?? '', line: 1 };
  const isWithheld = (model: string, name: string) =>
    read.get(model)?.fields.some((field) => field.name === name) !== true;
  return {
    find(model: string, field?: string): Source {
      const found = models.get(model);
      const { file, line } = (field === undefined ? found : found?.fields.get(field)) ?? unknown;
      return { file, line };
    },
    isView: (model: string) => models.get(model)?.isView === true,
    withheld({ name: model }: PrismaModel): { name: string; column: string }[] {
      const declared = [...(models.get(model)?.fields ?? [])];
      return declared
        .filter(([name]) => isWithheld(model, name))
        .map(([name, { column }]) => ({ name, column }));
    },
    /** Whether what stands here, or below comments that begin here, is a model or a field that is withheld. */
    isWithheldAt({ file, line }: Source): boolean {
      const below = (linesOf.get(file) ?? []).slice(line - 1).findIndex((code) => !WITHOUT_CODE.test(code));
      if (below === -1) return false;
      const at = line + below;
      const found = [...models].find(
        ([, model]) => model.file === file && model.line <= at && at <= model.last,
      );
      if (!found) return false;
      const [name, { fields }] = found;
      const field = [...fields].find(([, declared]) => declared.line === at)?.[0];
      return !read.has(name) || (field !== undefined && isWithheld(name, field));
    },
  };
}
