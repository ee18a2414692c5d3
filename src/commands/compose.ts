import { composeCatalogue, type Catalogue } from '../capability/catalogue.js';
import type { Claims, Scope } from '../capability/define.js';
import type { Domain } from '../capability/domain.js';
import type { CheckResult } from '../database/check.js';
import { Database } from '../database/open.js';
import type { DatabaseClient } from '../database/pool.js';
import { check, createClient, type PrismaClient } from '../directory/database.js';
import { ReadOnlyPool } from '../database/read-only-pool.js';
import { createDirectory } from '../directory/index.js';
import { readDirectorySettings } from '../directory/settings.js';
import { describeError, type Log } from '../observability/log.js';
import { createRecords } from '../records/index.js';
import { readRecordsSettings } from '../records/settings.js';
import { Source } from '../records/source.js';
import { OperatorError } from '../errors.js';
import { isConfigured, readConfigured, type Configured, type ServedDirectory } from './configuration.js';
import { DIRECTORY_SCOPES } from '../directory/rights.js';
import { isOwnScope } from '../own/scopes.js';
import type { Config } from '../settings/config.js';
import { keepSecret, passingSecret, Secret } from '../settings/secret.js';

/** The domains to serve, and their databases. */
export interface Composition {
  domains: Domain[];
  databases: Database[];
  /** What a caller may do who needs no credentials; absent, everything. */
  callerScopes?: readonly Scope[] | undefined;
  /** What such a caller claims. */
  callerClaims?: Claims | undefined;
}

export interface ComposeOptions {
  config: Config;
  log: Log;
  secret: Secret;
  /** Called when a database cannot be used until the operator does something, each time that is found. */
  onUnusable(error: Error): void;
}

/** Says what is served. */
export type Compose = (options: ComposeOptions) => Composition;

/** What the configuration names: records of databases, and the staff directory. */
export const composeConfigured: Compose = (options) => {
  const { callerScopes, ...composition } = composeFile(options);
  // The caller may have scopes for tools of a program that serves from the same file.
  return { ...composition, callerScopes: callerScopes?.filter((scope) => !isOwnScope(scope)) };
};

/** What the configuration names, if there is one, for tools of a program's own to stand beside. */
export const composeBeside: Compose = (options) =>
  isConfigured(options.config) ? composeFile(options) : { domains: [], databases: [] };

function composeFile(options: ComposeOptions): Composition {
  const configured = readConfigured(options.config);
  const { records, directory, callerScopes, callerClaims } = configured;
  const staff = directory ? [composeDirectory(options, directory)] : [];
  const taken = staff
    .flatMap(({ databases }) => databases)
    .reduce((sum, one) => sum + one.mostConnections, 0);
  const compositions = [
    ...staff,
    ...(records.length > 0 ? [composeRecords(options, configured, taken)] : []),
  ];
  const domains = compositions.flatMap((composition) => composition.domains);
  // What is read only needs fewer scopes; a caller who has them all the same may do no more.
  const idle = directory?.readOnly
    ? DIRECTORY_SCOPES.filter((scope) => !domains.some(({ scopes }) => scopes.includes(scope)))
    : [];
  return {
    domains,
    databases: compositions.flatMap(({ databases }) => databases),
    callerScopes: callerScopes?.filter((scope) => !(idle as readonly string[]).includes(scope)),
    callerClaims,
  };
}

/** The staff directory. */
function composeDirectory(
  { config, log, secret, onUnusable }: ComposeOptions,
  served: ServedDirectory,
): Composition {
  const database = openDirectoryDatabase(config, served, log, onUnusable);
  const settings = readDirectorySettings(config.variables);
  return {
    domains: [createDirectory({ database, settings, secret, readOnly: served.readOnly })],
    databases: [database],
  };
}

/** One domain for the records of all databases, each with a pool of its own. @param taken connections of other domains */
function composeRecords(
  { config, log, secret, onUnusable }: ComposeOptions,
  { records: served, questions, questionsAlone }: Configured,
  taken: number,
): Composition {
  const { session, connectionsTotal } = config.database;
  const most = Math.floor((connectionsTotal - taken) / served.length);
  if (most < 1) {
    const ofDirectory = taken > 0 ? `, of which the staff directory may take ${taken}` : '';
    throw new OperatorError(
      `${connectionsTotal} connections are too few for the databases of the configuration${ofDirectory}. Raise DB_CONNECTIONS_TOTAL, or lower DB_POOL_MAX.`,
    );
  }
  const pool = { ...session.pool, min: 0, max: Math.min(session.pool.max, most) };
  const opened = served.map(({ name, url, zone, sight, exposure, claims }) => {
    for (const warning of exposure.warnings) log.warn(warning, { database: name });
    const source: Source = new Source({
      name,
      exposure,
      claims,
      database: { ready: () => database.ready() },
      zone,
      log,
    });
    const database = new Database({
      name,
      url,
      session: { ...session, pool, ...sight },
      createClient,
      Pool: ReadOnlyPool,
      check: (client) => checkAnswers(client, source),
      log,
      onUnusable,
    });
    return { database, source };
  });
  const domain = createRecords({
    sources: opened.map(({ source }) => source),
    schemas: served.map(({ schema }) => schema),
    secret,
    questions,
    questionsAlone,
    largestAnswerBytes: readRecordsSettings(config.variables).largestAnswerBytes,
  });
  return { domains: [domain], databases: opened.map(({ database }) => database) };
}

/** A difference from its schema concerns single models: their calls say so, and doctor names it. The log tells what is withheld. */
async function checkAnswers(client: DatabaseClient, { tenants }: Source): Promise<CheckResult> {
  await client.$queryRaw`SELECT 1`;
  await tenants.look((statement) => client.$queryRaw(statement));
  return { name: 'schema', state: 'read' };
}

/** The directory's database: the server that is configured, or the embedded one. */
export function openDirectoryDatabase(
  { database, callDeadlineMs }: Config,
  { url, readOnly, searchPath, policies }: ServedDirectory,
  log: Log,
  onUnusable?: (error: Error) => void,
): Database<PrismaClient> {
  const openEmbedded = async () => {
    // Loaded only where there is no server.
    const { openPrepared } = await import('../directory/prepare-embedded.js');
    return openPrepared(database, log, (text) => log.info(text));
  };
  return new Database({
    name: 'directory',
    url: url ?? openEmbedded,
    embeddedPatienceMs: 0.8 * callDeadlineMs,
    replicaUrls: database.replicaUrls,
    session: { ...database.session, searchPath, policies },
    createClient,
    ...(readOnly && { Pool: ReadOnlyPool }),
    check,
    log,
    onUnusable,
  });
}

/** A composition with its catalogue. */
export interface Served extends Composition {
  catalogue: Catalogue;
  callerScopes: readonly Scope[];
  callerClaims: Claims;
}

/** @throws OperatorError where the domains do not go together */
export function composeServer(
  compose: Compose,
  { secret, ...options }: Omit<ComposeOptions, 'secret'> & { secret?: Secret },
): Served {
  const composition = compose({ ...options, secret: secret ?? openSecret(options.config, options.log) });
  const catalogue = composeCatalogue(composition.domains);
  const { callerScopes = catalogue.scopes, callerClaims = {} } = composition;
  const unknown = callerScopes.find((scope) => !catalogue.scopes.includes(scope));
  if (unknown !== undefined)
    throw new OperatorError(
      `The configuration gives the caller the scope "${unknown}", which nothing here needs. There are ${catalogue.scopes.join(', ')}.`,
    );
  return { ...composition, catalogue, callerScopes, callerClaims };
}

/** Finds what would end a start before any database is opened. @throws OperatorError */
export function assertStarts(config: Config, log: Log): void {
  composeServer(composeConfigured, { config, log, secret: passingSecret(), onUnusable: () => {} });
}

/** The configured secret, or the one that is kept in the data folder. */
function openSecret({ secrets, database }: Config, log: Log): Secret {
  if (secrets) return new Secret(secrets);
  try {
    return keepSecret(database.embedded.dataDir);
  } catch (error) {
    log.warn(
      'no secret can be kept, so cursors and questions to people end with this process; set STEWARD_SECRET',
      {
        cause: describeError(error),
      },
    );
    return passingSecret();
  }
}
