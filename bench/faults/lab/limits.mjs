/** Shorter than the defaults, and in the same order, so that many faults fit into little time. */
export const DEADLINE_MS = 4000;
export const STATEMENT_TIMEOUT_MS = 2500;
export const LOCK_TIMEOUT_MS = 1000;

/** The same as settings of Steward. */
export const LIMITS = {
  CALL_DEADLINE_MS: String(DEADLINE_MS),
  DB_ACQUIRE_TIMEOUT_MS: '3000',
  DB_STATEMENT_TIMEOUT_MS: String(STATEMENT_TIMEOUT_MS),
  DB_LOCK_TIMEOUT_MS: String(LOCK_TIMEOUT_MS),
  DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '2500',
};

/** For faults that are about no time limit: only who is never answered is told TIMEOUT, however busy the machine is. */
export const PATIENT_MS = 30_000;
export const PATIENCE = {
  CALL_DEADLINE_MS: String(PATIENT_MS),
  DB_ACQUIRE_TIMEOUT_MS: '25000',
  DB_STATEMENT_TIMEOUT_MS: '25000',
  DB_LOCK_TIMEOUT_MS: '25000',
  DB_IDLE_IN_TRANSACTION_TIMEOUT_MS: '25000',
};

/** What a busy machine may add to any of them, in milliseconds. */
export const GRACE_MS = 2000;
/** How long after its end a fault may still be noticed, in milliseconds. */
export const RECOVERY_MS = 8000;
