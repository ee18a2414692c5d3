import type { Version } from './read-cache.js';

/** For how long what was read of the directory may be kept in memory. */
export interface Keeping {
  /** In milliseconds; 0: nothing is kept. */
  ttlMs: number;
  /** Without them, too, nothing is. */
  versions:
    | {
        /** Of the names of departments. */
        departments: Version;
        /** Of users, departments and head counts. */
        directory: Version;
      }
    | undefined;
  /** Whether what a call reads for itself may come from a replica. */
  replicas: boolean;
}
