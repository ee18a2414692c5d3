import { loadConfig, type Config } from '../../settings/config.js';
import { connect, type Connections } from '../../database/pool.js';
import { UnusableDatabaseError } from '../../database/unusable.js';
import { createLog, describeError } from '../../observability/log.js';
import { report, type Finding } from './finding.js';
import { checkMigrations } from './migrations.js';
import { checkPrivileges } from './privileges.js';
import { checkTimeLimits } from './time-limits.js';

/**
 * Checks everything that has to be right before Steward can serve, and says what to do about what is not. The exit code
 * is 1 if anything would keep it from serving.
 * @throws ConfigError, as any command does
 */
export async function doctor(): Promise<void> {
  const config = loadConfig();
  report({ level: 'ok', text: `configuration (${config.environment})` });
  const connections = await openDatabase(config);
  if (!connections) return;
  try {
    const version = await checkConnection(connections);
    if (version === undefined) return;
    const migrations = await checkMigrations(connections.prisma);
    report(migrations);
    // Without its tables the database has nothing that the other checks could look at.
    if (migrations.level === 'problem') return;
    const checks = version.includes('PGlite') ? [onEmbedded] : [checkPrivileges, checkTimeLimits];
    for (const check of checks) (await check(connections.prisma)).forEach(report);
  } finally {
    await connections.close();
  }
}

async function openDatabase({ database, logLevel }: Config): Promise<Connections | undefined> {
  const log = createLog(logLevel === 'debug' ? 'debug' : 'silent');
  if (database.url !== undefined) {
    report({ level: 'ok', text: `database: ${withoutPassword(database.url)}` });
    return connect(database.url, database, log);
  }
  report({ level: 'ok', text: `database: embedded, in ${database.embedded.dataDir}` });
  const { openPrepared } = await import('../../database/prepare-embedded.js');
  try {
    // As the server does at each start: nobody else is going to.
    const embedded = await openPrepared(database, log, (text) => process.stdout.write(`       ${text}\n`));
    const connections = connect(embedded.url, database, log);
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
async function checkConnection({ pool }: Connections): Promise<string | undefined> {
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

/** PGlite has one user, who is its superuser, and no timers. */
async function onEmbedded(): Promise<Finding[]> {
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
