import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Log } from '../observability/log.js';
import type { Database } from './index.js';
import { inspectMigrations } from './migrations/inspect.js';
import { UnusableDatabaseError } from './unusable.js';

export interface Readiness {
  ready: boolean;
  /** What was looked at: "ok", or what is wrong, without secrets. Without its replicas, Steward is ready all the same. */
  checks: { database: string; migrations: string } & Record<string, string>;
}

const PATIENCE_MS = 3000;
/** Probes are not authenticated: however many come, the database is asked once in this time. */
const GOOD_FOR_MS = 1000;

/** Says whether the database answers with the migrations of this version. Failures are logged in full. */
export function readinessOf(database: Database, log: Log): () => Promise<Readiness> {
  let latest: Promise<Readiness> | undefined;
  return () => {
    latest ??= inspectAll(database, log).finally(() =>
      setTimeout(() => (latest = undefined), GOOD_FOR_MS).unref(),
    );
    return latest;
  };
}

async function inspectAll(database: Database, log: Log): Promise<Readiness> {
  const { ready, checks } = await inspect(database, log);
  const replicas = database.replicas.map(async (replica) => [replica.name, await replica.state()] as const);
  return { ready, checks: { ...checks, ...Object.fromEntries(await Promise.all(replicas)) } };
}

async function inspect(database: Database, log: Log): Promise<Readiness> {
  const tooLate = delay(PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${PATIENCE_MS} ms`);
  });
  try {
    const prisma = await Promise.race([database.ready(), tooLate]);
    const found = await Promise.race([inspectMigrations(prisma), tooLate]);
    const migrations = found.state === 'current' ? 'ok' : found.state;
    return { ready: migrations === 'ok', checks: { database: 'ok', migrations } };
  } catch (error) {
    log.warn('not ready', { cause: describeError(error) });
    if (error instanceof UnusableDatabaseError) {
      const { migrations } = error.options;
      return migrations
        ? { ready: false, checks: { database: 'ok', migrations } }
        : { ready: false, checks: { database: 'cannot be used, see the log', migrations: 'unknown' } };
    }
    return { ready: false, checks: { database: 'does not answer', migrations: 'unknown' } };
  }
}
