/** `RESILIENCE=full`: more rounds and larger numbers than the short form, which CI runs. */
export const FULL = process.env['RESILIENCE'] === 'full';
/** How long a fault goes on that can go on for any time. */
export const DURATION_MS = FULL ? 20_000 : 3000;

/** Shorter than the defaults, and in the same order, so that many faults fit into little time. */
export const DEADLINE_MS = 4000;
export const STATEMENT_TIMEOUT_MS = 2500;
export const LOCK_TIMEOUT_MS = 1000;
export const LIMITS = {
  CALL_DEADLINE_MS: String(DEADLINE_MS),
  DB_ACQUIRE_TIMEOUT_MS: '3000',
  DB_STATEMENT_TIMEOUT_MS: String(STATEMENT_TIMEOUT_MS),
  DB_LOCK_TIMEOUT_MS: String(LOCK_TIMEOUT_MS),
  DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '2500',
};

/** For faults that are about no time limit: a busy machine must not look like a fault. */
export const PATIENT_MS = 30_000;
export const PATIENCE = {
  CALL_DEADLINE_MS: String(PATIENT_MS),
  DB_ACQUIRE_TIMEOUT_MS: '25000',
  DB_STATEMENT_TIMEOUT_MS: '25000',
  DB_LOCK_TIMEOUT_MS: '25000',
  DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '25000',
};

/** A busy machine may add this to any limit. */
export const GRACE_MS = 2000;
/** Steward serves again within this time after a fault. */
export const RECOVERY_MS = 8000;

/** The codes that fit a database that is away. */
export const AWAY = ['DATABASE_UNAVAILABLE', 'TIMEOUT'];
export const LOST = 'connection lost';
