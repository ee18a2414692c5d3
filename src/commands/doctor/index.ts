import { remedyOf } from '../../database/connection-failure.js';
import { connect, type Connections } from '../../database/pool.js';
import { UnusableDatabaseError } from '../../database/check.js';
import { databaseCode, INSUFFICIENT_PRIVILEGE } from '../../database/errors.js';
import { check, createClient, type PrismaClient } from '../../directory/database.js';
import { OperatorError } from '../../errors.js';
import { rightsFor } from '../../directory/index.js';
import { createLog, describeError, type Log } from '../../observability/log.js';
import type { Config } from '../../settings/config.js';
import { withoutPassword } from '../../settings/postgres-url.js';
import { assertStarts } from '../compose.js';
import { readConfigured, type ServedDirectory } from '../configuration.js';
import { readConfig, readHttpConfig } from '../read-config.js';
import { checkConnection, describeConnectionFailure } from './connection.js';
import { checkRecords } from './records.js';
import { checkPolicies, checkPrivileges, checkTimeLimits } from './server.js';
import { checkText } from './text.js';

/** The result of one check: passed, a warning, or a fault that keeps Steward from serving. */
export interface Finding {
  level: 'ok' | 'warning' | 'problem';
  text: string;
  remedy?: string;
}

const MARKS = { ok: '  ok ', warning: ' warn', problem: ' FAIL' };

/**
 * Checks everything that has to be right before Steward can serve, and says what to do about what is not. The exit code
 * is 1 if anything would keep it from serving.
 * @throws OperatorError, as any command does
 */
export async function doctor(): Promise<void> {
  const config = readConfig();
  const { records, directory } = readConfigured(config);
  assertStarts(config, createLog('silent'));
  const file = config.file ? `: ${config.file.path}` : '';
  report({ level: 'ok', text: `configuration (${config.environment})${file}` });
  report(checkHttp());
  const log = createLog(config.logLevel === 'debug' ? 'debug' : 'silent');
  for (const database of records) {
    report({ level: 'ok', text: `database ${database.name}: ${withoutPassword(database.url)}` });
    (await checkRecords(database, config, log)).forEach(report);
  }
  if (directory) await checkDirectory(config, log, directory);
}

/** Only `steward http` needs these settings, so it is a warning. */
function checkHttp(): Finding {
  try {
    const { http, authentication } = readHttpConfig();
    return {
      level: 'ok',
      text: `http: would listen on ${http.host}, port ${http.port}; authentication ${authentication.mode}`,
    };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const problems = [...error.message.matchAll(/^ {2}- (.*)$/gm)].map(([, problem]) => problem);
    return { level: 'warning', text: `http: steward http would not start: ${problems.join('; ')}` };
  }
}

async function checkDirectory(config: Config, log: Log, served: ServedDirectory): Promise<void> {
  const { readOnly } = served;
  const rights = rightsFor(readOnly);
  const connections = await connectDirectory(config, log, served);
  if (!connections) return;
  try {
    const connected = await checkConnection(connections).catch((error: unknown) => {
      report(describeConnectionFailure(error));
    });
    if (!connected) return;
    connected.findings.forEach(report);
    if (!connected.embedded) (await checkText(connections.pool)).forEach(report);
    const hidden = await checkPolicies(connections.client, rights, served.policies);
    hidden.forEach(report);
    if (hidden.some(({ level }) => level === 'problem')) return;
    const expected = await checkExpectations(connections.client);
    if (!expected) {
      (await checkPrivileges(connections.client, rights, readOnly)).forEach(report);
      return;
    }
    report(expected);
    // Without its tables the database has nothing that the other checks could look at.
    if (expected.level === 'problem') return;
    const onServer = connected.embedded
      ? onEmbedded()
      : [
          ...(await checkPrivileges(connections.client, rights, readOnly)),
          ...(await checkTimeLimits(connections.client)),
        ];
    onServer.forEach(report);
    for (const [at, replica] of config.database.replicaUrls.entries())
      report(await checkReplica(`replica_${at + 1}`, replica, config, log));
  } finally {
    await connections.close();
  }
}

async function connectDirectory(
  { database }: Config,
  log: Log,
  { url, searchPath, policies }: ServedDirectory,
): Promise<Connections<PrismaClient> | undefined> {
  if (url !== undefined) {
    report({ level: 'ok', text: `database directory: ${withoutPassword(url)}` });
    return connect(url, { ...database.session, searchPath, policies }, createClient, log);
  }
  report({ level: 'ok', text: `database directory: embedded, in ${database.embedded.dataDir}` });
  const { openPrepared } = await import('../../directory/prepare-embedded.js');
  try {
    // As the server does at each start.
    const embedded = await openPrepared(database, log, (text) => process.stdout.write(`       ${text}\n`));
    const connections = connect(embedded.url, database.session, createClient, log);
    const close = async () => {
      await connections.close();
      await embedded.close();
    };
    return { ...connections, close };
  } catch (error) {
    if (!(error instanceof UnusableDatabaseError)) throw error;
    report({ level: 'problem', text: error.message });
    return undefined;
  }
}

/** A replica that does not answer is no problem: reads go to the primary then. */
async function checkReplica(name: string, url: string, { database }: Config, log: Log): Promise<Finding> {
  const { pool, close } = connect(url, database.session, createClient, log);
  try {
    const { rows } = await pool.query<{ follows: boolean }>('SELECT pg_is_in_recovery() AS follows');
    if (rows[0]?.follows) return { level: 'ok', text: `${name}: ${withoutPassword(url)}` };
    const remedy = 'give DATABASE_REPLICA_URL the addresses of streaming replicas';
    return { level: 'warning', text: `${name}: ${withoutPassword(url)} is no replica`, remedy };
  } catch (error) {
    return { level: 'warning', text: `${name}: ${describeError(error)}`, remedy: remedyOf(error) };
  } finally {
    await close();
  }
}

/** Whether the database is what its domain expects; undefined where the role lacks a right to find out. */
async function checkExpectations(client: PrismaClient): Promise<Finding | undefined> {
  try {
    const { name, state, problem } = await check(client);
    if (!problem) return { level: 'ok', text: `${name}: ${state}` };
    return { level: 'problem', text: `${name}: ${state} (${problem.details})`, remedy: problem.remedy };
  } catch (error) {
    if (databaseCode(error) === INSUFFICIENT_PRIVILEGE) return undefined;
    return { level: 'problem', text: `migrations: ${describeError(error).replace(/\s+/g, ' ')}` };
  }
}

/** PGlite has one user, who is its superuser, and no timers. */
function onEmbedded(): Finding[] {
  return [
    { level: 'ok', text: 'privileges: all; the embedded database has one user' },
    { level: 'ok', text: 'time limits: kept by Steward; the embedded database has none of its own' },
  ];
}

/** Prints a finding; a problem makes the exit code 1. */
function report({ level, text, remedy }: Finding): void {
  process.stdout.write(`${MARKS[level]}  ${text}\n`);
  if (remedy) process.stdout.write(`       → ${remedy}\n`);
  if (level === 'problem') process.exitCode = 1;
}
