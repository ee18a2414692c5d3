import { z } from 'zod';
import { SCOPE } from '../capability/define.js';
import { suggest } from '../capability/nearest.js';
import { OperatorError } from '../errors.js';
import { DATABASE, POLICIES, SECTION_KEYS, type DatabaseSection } from '../records/configuration.js';
import { QUESTION_KEYS, QUESTIONS } from '../records/questions/section.js';
import type { Config } from '../settings/config.js';
import { describeIssue } from '../settings/describe-issue.js';
import { readPostgresUrl } from '../settings/postgres-url.js';

/** The first part of names such as shop.Order. */
export const DATABASE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;

/** All that a configuration file says but its settings: what is served. */
export const CONFIGURATION = z.strictObject({
  databases: z
    .record(z.string().regex(DATABASE_NAME, 'a name of letters, digits, _ and -'), DATABASE)
    .default({})
    .describe('The databases whose records can be read, by name'),
  directory: z
    .union(
      [
        z.boolean(),
        z.strictObject({
          url: z.string().min(1).optional(),
          policies: POLICIES,
          read_only: z.boolean().default(false).describe('true: nothing of it can be changed here'),
        }),
      ],
      { error: 'takes true, false, or { "url": "env:NAME" }' },
    )
    .default(false)
    .describe(
      'true: the staff directory is served, too; or the address of its database, its row policies, and whether it is only read',
    ),
  questions: QUESTIONS.describe('Saved questions by name; each is a tool of its own'),
  tools: z
    .enum(['all', 'questions'])
    .default('all')
    .describe('questions: no tools of records but those of the saved questions'),
  caller: z
    .strictObject({
      scopes: z.array(z.string().regex(SCOPE)).optional(),
      claims: z
        .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
        .optional()
        .describe('What the caller claims, for "claims" of a database; a text may be env:NAME'),
    })
    .optional()
    .describe(
      'What the caller over stdio may do and claims, and every caller with AUTH_MODE=none; without scopes, everything',
    ),
});

/** What such a file says. */
export type ConfigurationContent = z.output<typeof CONFIGURATION>;
export type ConfigurationFile = NonNullable<Config['file']>;

/** @throws OperatorError for all mistakes of form */
export function parseFile(file: ConfigurationFile): ConfigurationContent {
  const parsed = CONFIGURATION.safeParse(file.content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  - ${describeProblem(issue)}`);
  throw new OperatorError(`The configuration file ${file.path} cannot be used:\n${problems.join('\n')}`);
}

function describeProblem(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${at} ${describeIssue(issue)}`;
  const known = [...Object.keys(CONFIGURATION.shape), ...SECTION_KEYS, ...QUESTION_KEYS];
  return issue.keys
    .map((key) => `${[...issue.path, key].join('.')} means nothing.${suggest(key, known)}`)
    .join(' ');
}

/** The address of a database. @throws OperatorError */
export function resolveDatabase(name: string, section: DatabaseSection, file: ConfigurationFile): string {
  return resolveUrl(section.url, `databases.${name}.url`, file);
}

/** @throws OperatorError for what is no address of PostgreSQL */
export function resolveUrl(text: string, at: string, file: ConfigurationFile): string {
  const read = readPostgresUrl(resolveReference(text, at, file));
  if ('url' in read) return read.url;
  throw new OperatorError(
    `${file.path}: ${at} is no address such as postgresql://user:password@host:5432/name: it ${read.problem}.`,
  );
}

/** @throws OperatorError for `env:NAME` where NAME is not set */
export function resolveReference(text: string, at: string, file: ConfigurationFile): string {
  const name = /^env:(.+)$/.exec(text)?.[1];
  const value =
    name === undefined ? text : Object.hasOwn(file.references, name) ? file.references[name] : undefined;
  if (value === undefined)
    throw new OperatorError(
      `${file.path}: ${at} refers to ${name}, which is not set. Set it in the environment, or in a file .env beside the configuration.`,
    );
  return value;
}
