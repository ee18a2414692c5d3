import { get_datamodel } from '@prisma/prisma-schema-wasm';
import { SchemaError } from '../schema-error.js';
import type { SchemaFile } from './files.js';

/** Prisma's data model, as far as it is used here: `get_datamodel` of prisma-schema-wasm 7.10. */
export interface PrismaDataModel {
  enums: { name: string; values: { name: string; dbName: string | null }[] }[];
  models: PrismaModel[];
  indexes: { model: string; algorithm?: string; fields: { name: string }[] }[];
}

export interface PrismaModel {
  name: string;
  dbName: string | null;
  schema?: string | null;
  documentation?: string;
  fields: PrismaField[];
  primaryKey: { fields: string[] } | null;
  uniqueFields: string[][];
}

export interface PrismaField {
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

/** Preview features that change what a schema may say. Those of other kinds concern generated clients. */
const PREVIEW_FEATURES = ['views', 'postgresqlExtensions', 'partialIndexes'];

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

/**
 * Parses a schema.
 * @param plain the same files as their author wrote them, for the words of the parser
 * @throws SchemaError
 */
export function parse(numbered: readonly SchemaFile[], plain: readonly SchemaFile[]): PrismaDataModel {
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
