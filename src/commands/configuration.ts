import path from 'node:path';
import { z } from 'zod';
import { SCOPE, type Scope } from '../capability/define.js';
import { DIRECTORY_SCOPES } from '../directory/rights.js';
import { OperatorError } from '../errors.js';
import { DATABASE, openSchema, type DatabaseSection, type OpenedSchema } from '../records/configuration.js';
import type { Config } from '../settings/config.js';

const DATABASE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;

/** All that a configuration file says but its settings: what is served. */
export const CONFIGURATION = z.strictObject({
  databases: z
    .record(z.string().regex(DATABASE_NAME, 'a name of letters, digits, _ and -'), DATABASE)
    .default({})
    .describe('The databases whose records can be read, by name'),
  directory: z
    .union([
      z.boolean(),
      z.strictObject({
        url: z.string().min(1).optional(),
        read_only: z.boolean().default(false).describe('true: nothing of it can be changed here'),
      }),
    ])
    .default(false)
    .describe(
      'true: the staff directory is served, too; or the address of its database, and whether it is only read',
    ),
  caller: z
    .strictObject({ scopes: z.array(z.string().regex(SCOPE)) })
    .optional()
    .describe('What the caller over stdio may do, and every caller with AUTH_MODE=none; absent, everything'),
});

/** What is served, read and checked. No database has been opened. */
export interface Configured {
  records: readonly ServedDatabase[];
  directory: ServedDirectory | undefined;
  callerScopes: readonly string[] | undefined;
}

/** The staff directory as it is served. */
export interface ServedDirectory {
  /** Absent, the embedded database. */
  url: string | undefined;
  readOnly: boolean;
}

export interface ServedDatabase extends OpenedSchema {
  name: string;
  url: string;
  zone: string;
}

const DIRECTORY_ALONE = { records: [], callerScopes: undefined };

/**
 * Says what a configuration serves. Without a file that names databases it is the staff directory.
 * @throws OperatorError for each mistake of the file and of the schemas that it names, with the place
 */
export function readConfigured({ file, database, readOnly }: Config): Configured {
  if (!file || Object.keys(file.content).length === 0)
    return { ...DIRECTORY_ALONE, directory: { url: database.url, readOnly } };
  const parsed = CONFIGURATION.safeParse(file.content);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    throw new OperatorError(`The configuration file ${file.path} cannot be used:\n${problems.join('\n')}`);
  }
  const { databases, directory, caller } = parsed.data;
  const resolve = (text: string, at: string) => resolveReference(text, at, file);
  const records = Object.entries(databases).map(([name, section]) => {
    const url = resolve(section.url, `databases.${name}.url`);
    return { name, url, zone: section.time_zone ?? 'UTC', ...open(section, url, file.path) };
  });
  const served = serveDirectory(directory, { url: database.url, readOnly }, (url) =>
    resolve(url, 'directory.url'),
  );
  if (served) assertApart(served.url, records);
  if (records.length === 0 && !served)
    throw new OperatorError(
      `The configuration file ${file.path} serves nothing. Name a database, or set "directory": true.`,
    );
  return { records, directory: served, callerScopes: caller?.scopes };
}

/** All scopes that something which is served needs. */
export function scopesOf({ records, directory }: Configured): Scope[] {
  const ofRecords = records.flatMap(({ exposure }) =>
    [...exposure.models.values()].map(({ scope }) => scope),
  );
  return [...new Set([...(directory ? DIRECTORY_SCOPES : []), ...ofRecords])];
}

function open(section: DatabaseSection, url: string, file: string): OpenedSchema {
  return openSchema(section, { folder: path.dirname(file), origin: path.basename(file), url });
}

function resolveReference(text: string, at: string, file: NonNullable<Config['file']>): string {
  const name = /^env:(.+)$/.exec(text)?.[1];
  const value = name === undefined ? text : file.references[name];
  if (value === undefined)
    throw new OperatorError(
      `${file.path}: ${at} refers to ${name}, which is not set. Set it in the environment, or in a file .env beside the configuration.`,
    );
  if (!URL.canParse(value) || !/^postgres(ql)?:$/.test(new URL(value).protocol))
    throw new OperatorError(
      `${file.path}: ${at} is no address such as postgresql://user:password@host:5432/name.`,
    );
  return value;
}

function serveDirectory(
  directory: z.output<typeof CONFIGURATION>['directory'],
  settings: ServedDirectory,
  resolve: (url: string) => string,
): ServedDirectory | undefined {
  if (directory === false) return undefined;
  if (directory === true) return settings;
  return {
    url: directory.url === undefined ? settings.url : resolve(directory.url),
    readOnly: settings.readOnly || directory.read_only,
  };
}

/** The directory's tables belong to its own migrations, which would take another schema's for damage. */
function assertApart(url: string | undefined, records: readonly ServedDatabase[]): void {
  const shared = records.find((database) => url !== undefined && placeOf(database.url) === placeOf(url));
  if (shared)
    throw new OperatorError(
      `The staff directory and "${shared.name}" would share a database. Give the directory one of its own: "directory": { "url": "env:NAME" }, or leave it out.`,
    );
}

function placeOf(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  return JSON.stringify([searchParams.get('host') ?? hostname, port || '5432', pathname]);
}
