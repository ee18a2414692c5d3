import type { PrimarySession } from './primary-session.js';
import { TableVersion } from './table-version.js';

/** By which it is seen whether what is kept in memory is still what the database holds. */
export interface Versions {
  /** Of the names of departments, which hardly ever change. */
  departments: TableVersion;
  /** Of users, departments and head counts. */
  directory: TableVersion;
}

export function createVersions(session: PrimarySession): Versions {
  return {
    departments: new TableVersion(session, 'departments_version', ['departments']),
    directory: new TableVersion(session, 'directory_version', ['users', 'departments', 'headcounts']),
  };
}
