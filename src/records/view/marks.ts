import { SchemaError } from '../model/prisma-schema.js';
import type { Source } from '../model/schema.js';
import { suggest } from '../../capability/nearest.js';

/** The words for a field. `show` and `hide` decide, `mask` shows that it is there, `untrusted` marks its values. */
export const FIELD_MARKS = ['show', 'hide', 'mask', 'untrusted'] as const;
export type FieldMark = (typeof FIELD_MARKS)[number];

/** What a source says of a model. */
export interface ModelMarks {
  expose?: boolean | undefined;
  scope?: string | undefined;
}

const MARK = /@mcp\.?(\w*)(?:\(([^)]*)\))?/g;
const MODEL_MARKS = ['expose', 'scope'];
/** Marks of other tools, such as `@zod.email()` or `@TypeGraphQL.omit`. They are no description. */
const OTHER_MARK = /^@{1,2}[A-Za-z][\w.]*/;

/** The text of a `///` comment without any tool's marks, on one line. */
export function describe(documentation: string): string {
  return documentation
    .split('\n')
    .map((line) => line.replace(MARK, '').trim())
    .filter((line) => line !== '' && !OTHER_MARK.test(line))
    .join(' ');
}

/** @throws SchemaError naming file and line of a mark that is unknown, malformed or contradicts another */
export function readModelMarks(documentation: string, source: Source): ModelMarks {
  const marks: ModelMarks = {};
  for (const { name, argument } of marksIn(documentation)) {
    if (name === 'expose' && argument === undefined) marks.expose = true;
    else if (name === 'scope') {
      const scope = /^\s*"([^"]+)"\s*$/.exec(argument ?? '')?.[1];
      if (scope === undefined) fail(source, '@mcp.scope needs a scope in quotes: @mcp.scope("sales").');
      if (marks.scope !== undefined && marks.scope !== scope) fail(source, 'It has two scopes; give it one.');
      marks.scope = scope;
    } else refuse(name, argument, MODEL_MARKS, 'model', source);
  }
  return marks;
}

/** @throws SchemaError as readModelMarks */
export function readFieldMarks(documentation: string, source: Source): FieldMark[] {
  const marks = marksIn(documentation).map(({ name, argument }): FieldMark => {
    const known = argument === undefined ? FIELD_MARKS.find((mark) => mark === name) : undefined;
    return known ?? refuse(name, argument, FIELD_MARKS, 'field', source);
  });
  assertAgreed(marks, (message) => fail(source, message));
  return marks;
}

/** One source must not say two things of one field. */
export function assertAgreed(marks: readonly FieldMark[], complain: (message: string) => never): void {
  const deciding = new Set(marks.filter((mark) => mark !== 'untrusted'));
  if (deciding.size > 1) complain(`${[...deciding].join(' and ')} contradict each other; keep one.`);
}

function marksIn(documentation: string): { name: string; argument: string | undefined }[] {
  return [...documentation.matchAll(MARK)].map(([, name = '', argument]) => ({ name, argument }));
}

function refuse(
  name: string,
  argument: string | undefined,
  known: readonly string[],
  kind: string,
  source: Source,
): never {
  if (argument !== undefined && known.includes(name)) fail(source, `@mcp.${name} takes no argument.`);
  fail(
    source,
    `@mcp.${name} is no mark of a ${kind}; there are ${known.map((word) => `@mcp.${word}`).join(', ')}.${suggest(name, known)}`,
  );
}

function fail({ file, line }: Source, message: string): never {
  throw new SchemaError(`${file}:${line}: ${message}`);
}
