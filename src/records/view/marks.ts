import { distance } from 'fastest-levenshtein';
import { SCOPE } from '../../capability/define.js';
import { SchemaError } from '../model/schema-error.js';
import type { Comment, Source, StrayComment } from '../model/schema.js';
import { findNearest } from '../../capability/nearest.js';

/** The words for a field. `show` and `hide` decide, `mask` shows that it is there, `untrusted` marks its values. */
export const FIELD_MARKS = ['show', 'hide', 'mask', 'untrusted'] as const;
export type FieldMark = (typeof FIELD_MARKS)[number];

/** What a source says of a model. */
export interface ModelMarks {
  expose?: boolean | undefined;
  scope?: string | undefined;
}

interface Mark {
  name: string;
  argument: string | undefined;
  source: Source;
}

/** Of a field, which it makes the name of whose a row is. */
const TENANT_MARK = 'tenant';
const MODEL_MARKS = ['expose', 'scope'];
const ALL_MARKS = [...FIELD_MARKS, TENANT_MARK, ...MODEL_MARKS];
const MARK = /(?<!\w)@mcp\.(\w+)(?:\(([^)]*)\)|(\s*[:=]))?/g;
/** What was probably meant as a mark: another case, a space, a letter too many, no `@`. Ignored, it would show what it hides. */
const LIKE_A_MARK = new RegExp(
  String.raw`@\s*mcp\W{0,3}(?<word>\w*)|(?<tool>@\s*\w{2,4}|\bmcp)\s*[.:]\s*(?<known>${ALL_MARKS.join('|')})\b`,
  'gi',
);
/** Marks of other tools, such as `@zod.email()` or `@TypeGraphQL.omit`. They are no description. */
const OTHER_MARK = /^@{1,2}[A-Za-z][\w.]*/;

/** The text of a `///` comment without any tool's marks, on one line. */
export function describe(documentation: readonly Comment[]): string {
  return documentation
    .map(({ text }) => text.replace(MARK, '').trim())
    .filter((line) => line !== '' && !OTHER_MARK.test(line))
    .join(' ');
}

/** @throws SchemaError naming file and line of a mark that is unknown, malformed or contradicts another */
export function readModelMarks(documentation: readonly Comment[]): ModelMarks {
  const marks: ModelMarks = {};
  for (const mark of marksIn(documentation)) {
    const { name, argument, source } = mark;
    if (name === 'expose' && argument === undefined) marks.expose = true;
    else if (name === 'scope') {
      const scope = quotedIn(argument);
      if (scope === undefined) fail(source, '@mcp.scope needs a scope in quotes: @mcp.scope("sales").');
      if (!SCOPE.test(scope)) fail(source, `"${scope}" is no scope such as sales, or sales:read.`);
      if (marks.scope !== undefined && marks.scope !== scope) fail(source, 'It has two scopes; give it one.');
      marks.scope = scope;
    } else refuse(mark, MODEL_MARKS, 'model');
  }
  return marks;
}

/** @throws SchemaError as readModelMarks */
export function readFieldMarks(documentation: readonly Comment[], source: Source): FieldMark[] {
  const marks = marksIn(documentation)
    .filter(({ name }) => name !== TENANT_MARK)
    .map((mark): FieldMark => {
      const known = mark.argument === undefined ? FIELD_MARKS.find((one) => one === mark.name) : undefined;
      return known ?? refuse(mark, [...FIELD_MARKS, TENANT_MARK], 'field');
    });
  assertAgreed(marks, (message) => fail(source, message));
  return marks;
}

/** The setting of @mcp.tenant("app.tenant"), if the field has that mark. @throws SchemaError as readModelMarks */
export function readTenantMark(documentation: readonly Comment[]): string | undefined {
  const settings = marksIn(documentation)
    .filter(({ name }) => name === TENANT_MARK)
    .map(
      ({ argument, source }) =>
        quotedIn(argument) ??
        fail(source, '@mcp.tenant needs a setting in quotes: @mcp.tenant("app.tenant").'),
    );
  const [setting, other = setting] = settings;
  if (other !== setting)
    fail((documentation[0] as Comment).source, 'It has two settings of a tenant; give it one.');
  return setting;
}

/** One source must not say two things of one field. */
export function assertAgreed(marks: readonly FieldMark[], complain: (message: string) => never): void {
  const deciding = new Set(marks.filter((mark) => mark !== 'untrusted'));
  if (deciding.size > 1) complain(`${[...deciding].join(' and ')} contradict each other; keep one.`);
}

/**
 * A mark that has no effect would show what it hides.
 * @throws SchemaError for a mark in a comment that documents no model and no field
 */
export function assertNoMarks(comments: readonly StrayComment[]): void {
  for (const { why, ...comment } of comments) {
    for (const { name, source } of marksIn([comment])) {
      if (why === 'plain')
        fail(source, `@mcp.${name} stands behind two slashes; a mark stands behind three: /// @mcp.${name}`);
      if (why === 'detached')
        fail(
          source,
          `@mcp.${name} stands at nothing that it could mark. It belongs directly above a model or a field, or at the end of the line of a field.`,
        );
      if (name === 'show' || name === 'expose' || name === TENANT_MARK)
        fail(source, `@mcp.${name} is for nothing that could be shown: its author or Prisma leaves it out.`);
    }
  }
}

/** @throws SchemaError for what is nearly a mark */
function marksIn(comments: readonly Comment[]): Mark[] {
  return comments.flatMap(({ text, source }) => {
    assertNoNearMarks(text.replace(MARK, ' '), source);
    return [...text.matchAll(MARK)].map(([, name = '', argument, sign]): Mark => ({
      name,
      argument: argument ?? sign,
      source,
    }));
  });
}

function assertNoNearMarks(text: string, source: Source): void {
  for (const { 0: found, groups: { word, tool = 'mcp', known } = {} } of text.matchAll(LIKE_A_MARK)) {
    if (distance(tool.replace(/^@\s*/, '').toLowerCase(), 'mcp') > 2) continue;
    const nearest = findNearest(known ?? word ?? '', ALL_MARKS);
    const meant =
      nearest === undefined ? ` There are ${listMarks(ALL_MARKS)}.` : ` Did you mean '@mcp.${nearest}'?`;
    fail(source, `${found.trim()} is no mark.${meant}`);
  }
}

function refuse({ name, argument, source }: Mark, known: readonly string[], kind: string): never {
  if (argument !== undefined && known.includes(name)) fail(source, `@mcp.${name} takes no argument.`);
  const nearest = findNearest(name, known);
  fail(
    source,
    `@mcp.${name} is no mark of a ${kind}; there are ${listMarks(known)}.${nearest === undefined ? '' : ` Did you mean '@mcp.${nearest}'?`}`,
  );
}

function quotedIn(argument: string | undefined): string | undefined {
  return /^\s*"([^"]+)"\s*$/.exec(argument ?? '')?.[1];
}

function listMarks(names: readonly string[]): string {
  return names.map((name) => `@mcp.${name}`).join(', ');
}

function fail({ file, line }: Source, message: string): never {
  throw new SchemaError(`${file}:${line}: ${message}`);
}
