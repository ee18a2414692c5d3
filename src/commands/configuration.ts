import path from 'node:path';
import type { Claims, Scope } from '../capability/define.js';
import { DIRECTORY_SCOPES } from '../directory/rights.js';
import { OperatorError } from '../errors.js';
import { openSchema, type DatabaseSection, type OpenedSchema } from '../records/configuration.js';
import { prepareQuestion, type SavedQuestion } from '../records/questions/prepare.js';
import { TOOL_NAMES } from '../records/questions/tool-names.js';
import { Records } from '../records/records.js';
import { readRecordsSettings } from '../records/settings.js';
import type { Exposure } from '../records/view/exposure.js';
import { Views } from '../records/views.js';
import type { Session } from '../database/session.js';
import type { Config } from '../settings/config.js';
import {
  parseFile,
  resolveDatabase,
  resolveReference,
  resolveUrl,
  type ConfigurationContent,
  type ConfigurationFile,
} from './parse-configuration.js';

/** What a session sees of a database. */
type Sight = Pick<Session, 'searchPath' | 'policies'>;

/** What is served, read and checked. No database has been opened. */
export interface Configured {
  records: readonly ServedDatabase[];
  questions: readonly SavedQuestion[];
  /** True: there are no tools but those of the questions. */
  questionsAlone: boolean;
  directory: ServedDirectory | undefined;
  callerScopes: readonly string[] | undefined;
  callerClaims: Claims;
}

/** The staff directory as it is served. */
export interface ServedDirectory extends Sight {
  /** Absent, the embedded database. */
  url: string | undefined;
  /** The same past a pooler, where the settings name it: for work that a pooler cannot carry. */
  directUrl: string | undefined;
  readOnly: boolean;
}

export interface ServedDatabase extends OpenedSchema {
  name: string;
  url: string;
  zone: string;
  sight: Sight;
}

/** The name of the one database that a schema file alone describes, in logs and metrics. */
const OF_SCHEMA_FILE = 'records';

const DIRECTORY_ALONE = {
  records: [],
  questions: [],
  questionsAlone: false,
  callerScopes: undefined,
  callerClaims: {},
};

/** Whether anything says what is served. @throws OperatorError as readConfigured */
export function isConfigured(config: Config): boolean {
  return findConfiguration(config) !== undefined;
}

/**
 * Says what a configuration serves. Without a file that names databases, or a schema, it is the staff directory.
 * @throws OperatorError for each mistake of the file and of the schemas that it names, with the place
 */
export function readConfigured(config: Config): Configured {
  const { database, readOnly } = config;
  const file = findConfiguration(config);
  if (!file) {
    assertPublic(database.url);
    return { ...DIRECTORY_ALONE, directory: { url: database.url, directUrl: database.directUrl, readOnly } };
  }
  const { databases, directory, caller, tools, questions: saved } = parseFile(file);
  const questionsAlone = tools === 'questions';
  if (questionsAlone && directory !== false)
    throw new OperatorError(
      `${file.path}: "tools": "questions" serves nothing else, and "directory" would. Leave one of them out.`,
    );
  const callerClaims = Object.fromEntries(
    Object.entries(caller?.claims ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? resolveReference(value, `caller.claims.${name}`, file) : value,
    ]),
  );
  const records = Object.entries(databases).map(([name, section]) => {
    const url = resolveDatabase(name, section, file);
    const { time_zone: zone = 'UTC', search_path: given, claims = {} } = section;
    // The rows of a caller are those that policies let it see.
    const policies = Object.keys(claims).length > 0 ? 'by-role' : section.policies;
    const searchPath = given ?? [new URL(url).searchParams.get('schema') ?? 'public'];
    return { name, url, zone, sight: { searchPath, policies }, ...open(section, url, file.path) };
  });
  for (const { name, exposure } of records) assertNoDirectoryScope(name, exposure, file.path);
  const served = serveDirectory(directory, config, file);
  if (served) {
    assertApart(served.url, records);
    assertPublic(served.url);
  }
  if (records.length === 0 && !served)
    throw new OperatorError(
      `The configuration file ${file.path} serves nothing. Name a database, or set "directory": true.`,
    );
  const questions = prepareQuestions(saved, records, file.path);
  if (questionsAlone && questions.length === 0)
    throw new OperatorError(`${file.path}: "tools": "questions" serves nothing: there are no "questions".`);
  return {
    records,
    questions,
    questionsAlone,
    directory: served,
    callerScopes: caller?.scopes,
    callerClaims,
  };
}

/**
 * The configuration file that says what is served, or what a schema file says in its place; undefined if there is neither.
 * @throws OperatorError if there are both, or a schema without an address
 */
function findConfiguration({ file, variables, database }: Config): ConfigurationFile | undefined {
  const named = file && Object.keys(file.content).length > 0 ? file : undefined;
  const { schemaFile: schema } = readRecordsSettings(variables);
  if (schema === undefined) return named;
  if (named)
    throw new OperatorError(
      `The configuration file ${named.path} says what is served, and so would the schema ${schema}. Name one of them.`,
    );
  const { url } = database;
  if (url === undefined)
    throw new OperatorError(
      `The schema ${schema} needs the address of its database: set DATABASE_URL (in Claude Desktop: Database address), as the embedded database serves the staff directory alone.`,
    );
  return { path: schema, content: { databases: { [OF_SCHEMA_FILE]: { schema, url } } }, references: {} };
}

function prepareQuestions(
  sections: ConfigurationContent['questions'],
  databases: readonly ServedDatabase[],
  file: string,
): SavedQuestion[] {
  const records = new Records(databases.map(({ name, exposure, zone }) => new Views(name, exposure, zone)));
  return Object.entries(sections).map(([name, section]) => {
    if (TOOL_NAMES.includes(name))
      throw new OperatorError(`${file}: questions.${name}: There is a tool of this name. Give it another.`);
    return prepareQuestion(name, section, records, file);
  });
}

/** The directory as `config` serves it. @throws OperatorError if it serves none, and as readConfigured */
export function readDirectory(config: Config): NonNullable<Configured['directory']> {
  const { directory } = readConfigured(config);
  if (!directory)
    throw new OperatorError('This is for the staff directory, which the configuration does not serve.');
  assertPublic(directory.directUrl);
  return directory;
}

/**
 * The address of the database that a command works on; undefined, it is the embedded one. Without a name it is the
 * directory's, or the only one of the configuration.
 * @throws OperatorError for a name that the configuration does not have, and where it must be said
 */
export function readAddress(config: Config, name: string | undefined): string | undefined {
  const file = findConfiguration(config);
  const { databases, directory }: Pick<ConfigurationContent, 'databases' | 'directory'> = file
    ? parseFile(file)
    : { databases: {}, directory: true };
  const names = Object.keys(databases);
  const known = name ?? (directory === false && names.length === 1 ? names[0] : undefined);
  if (file && known !== undefined && Object.hasOwn(databases, known))
    return resolveDatabase(known, databases[known] as DatabaseSection, file);
  if (name === undefined && (directory !== false || names.length === 0))
    return readDirectory(config).directUrl;
  const all = names.length === 0 ? 'none' : names.join(', ');
  throw new OperatorError(
    name === undefined
      ? `The configuration names several databases. Say which with --database: ${all}.`
      : `The configuration names no database "${name}". It has ${all}.`,
  );
}

/** All scopes that something which is served needs. */
export function scopesOf({ records, directory }: Configured): Scope[] {
  const ofRecords = records.flatMap(({ exposure }) =>
    [...exposure.models.values()].map(({ scope }) => scope),
  );
  return [...new Set([...(directory ? DIRECTORY_SCOPES : []), ...ofRecords])];
}

/** A token for the directory opens no record. */
function assertNoDirectoryScope(database: string, { models }: Exposure, file: string): void {
  const shared = [...models.values()].find(
    ({ scope }) => DIRECTORY_SCOPES.some((own) => own === scope) || scope.startsWith('directory:'),
  );
  if (shared)
    throw new OperatorError(
      `${file}: ${database}.${shared.model.name} has the scope "${shared.scope}", which is the staff directory's and opens no record. Give it one of its own, such as "sales".`,
    );
}

function open(section: DatabaseSection, url: string, file: string): OpenedSchema {
  return openSchema(section, { folder: path.dirname(file), origin: path.basename(file), url });
}

/** DATABASE_URL is read only where it is used: in a project of others it may be an address of any kind. */
function serveDirectory(
  directory: ConfigurationContent['directory'],
  { database, readOnly }: Config,
  file: ConfigurationFile,
): ServedDirectory | undefined {
  if (directory === false) return undefined;
  const { url: written, policies, read_only = false } = directory === true ? {} : directory;
  const url = written === undefined ? database.url : resolveUrl(written, 'directory.url', file);
  const directUrl = written === undefined ? database.directUrl : url;
  return { url, directUrl, readOnly: readOnly || read_only, ...(policies !== undefined && { policies }) };
}

/** The directory's statements name no schema. @throws OperatorError */
function assertPublic(url: string | undefined): void {
  const schema = url === undefined ? null : new URL(url).searchParams.get('schema');
  if (schema !== null && schema !== 'public')
    throw new OperatorError(
      `The address of the staff directory must not name the schema ${schema}: its tables are in the schema public. To serve the records of other tables: steward init`,
    );
}

/** The directory's tables belong to its own migrations, which would take another schema's for damage. */
function assertApart(url: string | undefined, records: readonly ServedDatabase[]): void {
  const shared = records.find((database) => url !== undefined && placeOf(database.url) === placeOf(url));
  if (shared)
    throw new OperatorError(
      `The staff directory and "${shared.name}" would share a database. Give the directory one of its own: "directory": { "url": "env:NAME" }, or leave it out.`,
    );
}

/** Where a database is. One machine and one name are written in many ways. */
function placeOf(url: string): string {
  const { hostname, port, pathname, username, searchParams } = new URL(url);
  const host = decodeURIComponent(searchParams.get('host') || hostname)
    .toLowerCase()
    .replace(/^\[|\]$|\.$/g, '');
  const name = decodeURIComponent(pathname.slice(1) || username);
  return JSON.stringify([
    THIS_MACHINE.test(host) ? '' : host,
    searchParams.get('port') || port || '5432',
    name,
  ]);
}

/** The loopback addresses and names, and the folders of sockets that PostgreSQL's packages have. */
const THIS_MACHINE =
  /^((.+\.)?localhost|127\.[\d.]+|0\.0\.0\.0|::|::1|::ffff:(127\.[\d.]+|7f[\da-f]{2}:[\da-f]+)|\/tmp|(\/var)?\/run\/postgresql)?\/?$/;
