import type { PGlite } from '@electric-sql/pglite';
import type { Session } from '../wire/session.js';

const CHECK_EVERY_MS = 60_000;
/** Least growth of PostgreSQL's log for a round of maintenance, in bytes. */
const WORTH_A_ROUND = 1024 * 1024;

/**
 * Does the work of PostgreSQL's background processes, which PGlite lacks. Without it the log grows as long as the host
 * runs, dead rows stay, and the planner's statistics never change.
 * @returns a function that runs the last round, before the database is closed
 */
export async function beginMaintenance(
  pglite: PGlite,
  session: Session,
  log: (text: string) => void,
): Promise<() => Promise<void>> {
  let position = await readLogBytes(pglite);

  /** Never waits for the session, because a waiting holder makes the session evict an idle transaction. */
  async function run(): Promise<void> {
    if (!session.free) return;
    await session.take({});
    try {
      if ((await readLogBytes(pglite)) - position < WORTH_A_ROUND) return;
      await pglite.exec('VACUUM (ANALYZE)');
      await pglite.exec('CHECKPOINT');
      position = await readLogBytes(pglite);
    } catch (error) {
      // The likely reason is a full disk. Committed data is safe without maintenance.
      log(`maintenance failed: ${(error as Error).message}`);
    } finally {
      session.release();
    }
  }

  const timer = setInterval(() => void run(), CHECK_EVERY_MS);
  return () => {
    clearInterval(timer);
    return run();
  };
}

/** Bytes of log since the folder was created. */
async function readLogBytes(pglite: PGlite): Promise<number> {
  const { rows } = await pglite.query<{ at: number }>(`SELECT (pg_current_wal_lsn() - '0/0')::float8 AS at`);
  return rows[0]?.at ?? 0;
}
