import type { DirectoryVersions } from '../database/directory-versions.js';

/** What of the directory may be kept in memory, and for how long. */
export interface CacheSettings {
  /** In milliseconds; 0: nothing is kept. */
  ttlMs: number;
  /** Without them, too, nothing is. */
  versions: DirectoryVersions | undefined;
  /**
   * Whether what a call reads for itself may come from a replica. It is not kept then: it is what the primary held, not
   * what it holds.
   */
  replicas: boolean;
}
