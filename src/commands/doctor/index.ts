import { connect, type Connections } from '../../database/pool.js';
import { UnusableDatabaseError } from '../../database/check.js';
import { check, createClient, type PrismaClient } from '../../directory/database.js';
import { rightsFor } from '../../directory/rights.js';
import { createLog, describeError, type Log } from '../../observability/log.js';
import type { Config } from '../../settings/config.js';
import { readConfigured, type ServedDirectory } from '../configuration.js';
import { readConfig } from '../read-config.js';
import { checkRecords } from './records.js';
import { checkPrivileges, checkTimeLimits } from './server.js';

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
  report({ level: 'ok', text: `configuration (${config.environment})` });
  const log = createLog(config.logLevel === 'debug' ? 'debug' : 'silent');
  for (const database of records) {
    report({ level: 'ok', text: `database ${database.name}: ${withoutPassword(database.url)}` });
    (await checkRecords(database, config, log)).forEach(report);
  }
  if (directory) await checkDirectory(config, log, directory);
}

async function checkDirectory(config: Config, log: Log, { url, readOnly }: ServedDirectory): Promise<void> {
  const connections = await connectDirectory(config, log, url);
  if (!connections) return;
  try {
    const version = await checkConnection(connections);
    if (version === undefined) return;
    const expected = await checkExpectations(connections.client);
    report(expected);
    // Without its tables the database has nothing that the other checks could look at.
    if (expected.level === 'problem') return;
    const findings = version.includes('PGlite')
      ? onEmbedded()
      : [
          ...(await checkPrivileges(connections.client, rightsFor(readOnly), readOnly)),
          ...(await checkTimeLimits(connections.client)),
        ];
    findings.forEach(report);
  } finally {
    await connections.close();
  }
}

async function connectDirectory(
  { database }: Config,
  log: Log,
  url: string | undefined,
): Promise<Connections<PrismaClient> | undefined> {
  if (url !== undefined) {
    report({ level: 'ok', text: `database directory: ${withoutPassword(url)}` });
    return connect(url, database.session, createClient, log);
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

/** The server's version, or undefined where there is no connection. */
async function checkConnection({ pool }: Connections<PrismaClient>): Promise<string | undefined> {
  try {
    const { rows } = await pool.query<{ version: string }>('SELECT version()');
    report({ level: 'ok', text: `connection: ${rows[0]?.version.split(' on ')[0]}` });
    return rows[0]?.version;
  } catch (error) {
    const remedy =
      'check that the server runs and that host, port, user, password and database name are right';
    report({ level: 'problem', text: `connection: ${describeError(error)}`, remedy });
    return undefined;
  }
}

/** Whether the database is what its domain expects. */
async function checkExpectations(client: PrismaClient): Promise<Finding> {
  try {
    const { name, state, problem } = await check(client);
    if (!problem) return { level: 'ok', text: `${name}: ${state}` };
    return { level: 'problem', text: `${name}: ${state} (${problem.details})`, remedy: problem.remedy };
  } catch (error) {
    const remedy = 'GRANT SELECT ON _prisma_migrations TO the role that Steward connects as';
    return { level: 'problem', text: `migrations: ${describeError(error).replace(/\s+/g, ' ')}`, remedy };
  }
}

/** PGlite has one user, who is its superuser, and no timers. */
function onEmbedded(): Finding[] {
  return [
    { level: 'ok', text: 'privileges: all; the embedded database has one user' },
    { level: 'ok', text: 'time limits: kept by Steward; the embedded database has none of its own' },
  ];
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '****';
  // node-postgres takes them from there, too.
  for (const name of ['password', 'sslpassword']) {
    if (shown.searchParams.has(name)) shown.searchParams.set(name, '****');
  }
  return shown.href;
}

/** Prints a finding; a problem makes the exit code 1. */
function report({ level, text, remedy }: Finding): void {
  process.stdout.write(`${MARKS[level]}  ${text}\n`);
  if (remedy) process.stdout.write(`       → ${remedy}\n`);
  if (level === 'problem') process.exitCode = 1;
}
