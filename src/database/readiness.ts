import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Log } from '../observability/log.js';
import type { Database } from './open.js';
import { UnusableDatabaseError } from './check.js';

export interface Readiness {
  /** True if any database can serve, or none is needed. If one is down, the others still serve. */
  ready: boolean;
  /** The checks by database: "ok", or the fault, without secrets. Replicas do not count for `ready`. */
  checks: Record<string, Record<string, string>>;
}

const PATIENCE_MS = 3000;
/** Probes are not authenticated. So each database is checked at most once in this time, for any number of probes. */
const GOOD_FOR_MS = 1000;

/** Returns a function that checks the databases and logs failures in full. */
export function readinessOf(databases: readonly Database[], log: Log): () => Promise<Readiness> {
  let latest: Promise<Readiness> | undefined;
  return () => {
    latest ??= inspectAll(databases, log).finally(() =>
      setTimeout(() => (latest = undefined), GOOD_FOR_MS).unref(),
    );
    return latest;
  };
}

async function inspectAll(databases: readonly Database[], log: Log): Promise<Readiness> {
  const inspected = await Promise.all(
    databases.map(async (database) => {
      const checks = await inspect(database, log);
      const ready = Object.values(checks).every((state) => state === 'ok');
      return { name: database.name, ready, checks: { ...checks, ...(await database.replicaStates()) } };
    }),
  );
  return {
    ready: inspected.length === 0 || inspected.some(({ ready }) => ready),
    checks: Object.fromEntries(inspected.map(({ name, checks }) => [name, checks])),
  };
}

async function inspect(database: Database, log: Log): Promise<Record<string, string>> {
  const tooLate = delay(PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${PATIENCE_MS} ms`);
  });
  try {
    const { name, state, problem } = await Promise.race([database.check(), tooLate]);
    return { database: 'ok', [name]: problem ? state : 'ok' };
  } catch (error) {
    log.warn('not ready', { database: database.name, cause: describeError(error) });
    if (!(error instanceof UnusableDatabaseError)) return { database: 'does not answer' };
    const { check } = error.options;
    return check
      ? { database: 'ok', [check.name]: check.state }
      : { database: 'cannot be used, see the log' };
  }
}
