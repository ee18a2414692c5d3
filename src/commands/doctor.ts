import { loadConfig, type Config } from '../config.js';
import { inspectMigrations } from '../database/migrations.js';
import { connect, type Connections } from '../database/pool.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import { createLog, describeError } from '../log.js';

type Finding = { level: 'ok' | 'warning' | 'problem'; text: string; remedy?: string };

const MARKS = { ok: '  ok ', warning: ' warn', problem: ' FAIL' };

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
    if (!(await checkConnection(connections))) return;
    const migrations = await checkMigrations(connections.prisma);
    report(migrations);
    // Without its tables the database has nothing that the other checks could look at.
    if (migrations.level === 'problem') return;
    for (const check of [checkPrivileges, checkTimeouts]) (await check(connections.prisma)).forEach(report);
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
  const { EmbeddedDatabaseError, openEmbedded } = await import('../database/embedded/index.js');
  const { prepareEmbedded } = await import('../database/prepare-embedded.js');
  try {
    const embedded = await openEmbedded({
      ...database.embedded,
      onProgress: (text) => process.stdout.write(`       ${text}\n`),
    });
    // As the server does at each start: nobody else is going to.
    await prepareEmbedded(embedded, database, log);
    const connections = connect(embedded.url, database, log);
    const close = async () => {
      await connections.close();
      await embedded.close();
    };
    return { ...connections, close };
  } catch (error) {
    if (!(error instanceof EmbeddedDatabaseError)) throw error;
    report({ level: 'problem', text: error.message });
    return undefined;
  }
}

async function checkConnection({ pool }: Connections): Promise<boolean> {
  try {
    const { rows } = await pool.query<{ version: string }>('SELECT version()');
    report({ level: 'ok', text: `connection: ${rows[0]?.version.split(' on ')[0]}` });
    return true;
  } catch (error) {
    const remedy =
      'check that the server runs and that host, port, user, password and database name are right';
    report({ level: 'problem', text: `connection: ${describeError(error)}`, remedy });
    return false;
  }
}

async function checkMigrations(prisma: PrismaClient): Promise<Finding> {
  try {
    const found = await inspectMigrations(prisma);
    if (found.state === 'current') return { level: 'ok', text: 'migrations: current' };
    const text = `migrations: ${found.state} (${found.migrations.join(', ')})`;
    return { level: 'problem', text, remedy: found.remedy };
  } catch (error) {
    const remedy = 'GRANT SELECT ON _prisma_migrations TO the role that Steward connects as';
    return { level: 'problem', text: `migrations: ${describeError(error).replace(/\s+/g, ' ')}`, remedy };
  }
}

/** What the tools need of each table; anything more is more than Steward should have. */
const NEEDED: Record<string, string[]> = {
  departments: ['SELECT', 'INSERT'],
  users: ['SELECT', 'INSERT', 'UPDATE'],
  user_audit_log: ['SELECT', 'INSERT'],
  user_preferences: ['SELECT', 'INSERT', 'UPDATE'],
  headcounts: ['SELECT', 'INSERT', 'UPDATE'],
};

/** Where new ids come from. */
const SEQUENCES = ['departments_id_seq', 'users_id_seq', 'user_audit_log_id_seq'];

async function checkPrivileges(prisma: PrismaClient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [table, privileges] of Object.entries(NEEDED)) {
    const rows = await prisma.$queryRaw<{ privilege: string; granted: boolean }[]>`
      SELECT privilege, has_table_privilege(${table}, privilege) AS granted
      FROM unnest(${privileges}::text[]) AS privilege`;
    const missing = rows.filter((row) => !row.granted).map((row) => row.privilege);
    if (missing.length === 0) continue;
    const remedy = `GRANT ${missing.join(', ')} ON ${table} TO the role that Steward connects as`;
    findings.push({
      level: 'problem',
      text: `privileges: ${missing.join(', ')} on ${table} missing`,
      remedy,
    });
  }
  const sequences = await prisma.$queryRaw<{ name: string }[]>`
    SELECT name FROM unnest(${SEQUENCES}::text[]) AS name WHERE NOT has_sequence_privilege(name, 'USAGE')`;
  for (const { name } of sequences) {
    const remedy = `GRANT USAGE ON SEQUENCE ${name} TO the role that Steward connects as`;
    findings.push({ level: 'problem', text: `privileges: USAGE on sequence ${name} missing`, remedy });
  }
  const [role] = await prisma.$queryRaw<{ superuser: boolean }[]>`
    SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user`;
  if (findings.length === 0) findings.push({ level: 'ok', text: 'privileges: all that the tools need' });
  if (role?.superuser && !(await isEmbedded(prisma))) {
    const remedy = 'connect as a role of its own that owns nothing but this database';
    findings.push({ level: 'warning', text: 'privileges: Steward connects as a superuser', remedy });
  }
  return findings;
}

/** PGlite has one user, who is its superuser, and nothing to protect from it. */
async function isEmbedded(prisma: PrismaClient): Promise<boolean> {
  const [server] = await prisma.$queryRaw<{ version: string }[]>`SELECT version()`;
  return server?.version.includes('PGlite') ?? false;
}

async function checkTimeouts(prisma: PrismaClient): Promise<Finding[]> {
  if (await isEmbedded(prisma)) {
    return [{ level: 'ok', text: 'time limits: kept by Steward; the embedded database has none of its own' }];
  }
  const rows = await prisma.$queryRaw<{ name: string; setting: string }[]>`
    SELECT name, setting FROM pg_settings
    WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`;
  const unset = rows.filter((row) => row.setting === '0').map((row) => row.name);
  if (unset.length === 0)
    return [
      { level: 'ok', text: `time limits: ${rows.map((row) => `${row.name} ${row.setting} ms`).join(', ')}` },
    ];
  const remedy = 'connect to PostgreSQL directly, or let the connection pooler pass start-up parameters on';
  return [{ level: 'problem', text: `time limits: ${unset.join(', ')} not in force`, remedy }];
}

function report({ level, text, remedy }: Finding): void {
  process.stdout.write(`${MARKS[level]}  ${text}\n`);
  if (remedy) process.stdout.write(`       → ${remedy}\n`);
  if (level === 'problem') process.exitCode = 1;
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '****';
  return shown.href;
}
